"""The lab's lessons: containers learnt by watching this engine work, every figure measured on the spot."""
