"""A virtual machine that runs one image: what it needs, its disk, its start, and what it tells.

parts.py      the emulator and the kernel of this host, or what to install
cpio.py       the archive that a kernel unpacks as its first file system
guest.py      what stands in it beside the image: a first process of our own
disk.py       both together, made of a container's exported files
launcher.py   what becomes the emulator: ends with its parent, with the least of rights
emulator.py   how the emulator is called
line.py       a serial line of it
report.py     what it tells of itself
running.py    one that runs: its first line, what it tells, its end
"""
