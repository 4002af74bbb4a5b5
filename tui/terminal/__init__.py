"""Terminals inside the screen: what a program writes to one, drawn in cells; what is typed, as bytes.

`clean.py` lets through what an emulator can take, `emulation.py` keeps the cells (pyte), `keys.py` says what
keys send, `shell.py` stands in a container's streams, `view.py` draws. Screens: `tui/screens/terminal.py`.
"""
