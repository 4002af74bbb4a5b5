"""Filters of system calls: Docker's profiles, from their document to what the kernel loads.

default.json   our default profile, in Docker's form
profile.py     reading a profile; strict
rules.py       which of its rules count for these capabilities, this architecture and this kernel
program.py     from rules to the kernel's instructions, by libseccomp
store.py       programs kept in the store, so that a start need not make them again
"""
