"""The lessons on the screen: what leads through one, how it stands, and its pages as plain rows."""
