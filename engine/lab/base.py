"""The layer of lab/base: a shell and everyday tools of the host."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from engine.errors import NotSupported
from engine.lab.archive import Directory, File, Node, Symlink, Tree
from engine.lab.programs import find_program, library_tree, needs

# What a person types to look around in a container; those the host has not are left out.
_TOOLS = """
    [ awk base64 basename cat chgrp chmod chown cksum clear cmp comm cp cut date dd df diff dirname
    du echo env expand expr false find fold free grep groups head hostid hostname id install ip join
    kill less ln logname ls md5sum mkdir mkfifo mknod mktemp more mount mountpoint mv nice nl nohup nproc
    numfmt od paste pgrep pidof pkill pr printenv printf ps pwd readlink realpath rm rmdir sed seq
    sh sha256sum shuf sleep sort split stat stty sum sync tac tail tee test timeout top touch tr
    true truncate tsort tty umount uname unexpand uniq unlink uptime wc which who whoami xargs yes
""".split()

_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/os-release": 'NAME="Lamina lab"\nID=lamina-lab\nPRETTY_NAME="Lamina lab"\n',
    "etc/profile": "export PS1='\\w \\$ '\n",
}
# What programs that fill the screen look up of the terminals that people have (terminfo(5)).
_TERMINALS = """
    ansi dumb linux rxvt rxvt-unicode-256color screen screen-256color tmux tmux-256color vt100 vt220 xterm
    xterm-256color
""".split()
_TERMINFO = ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo")
_DIRECTORIES = {
    "dev": 0o755, "etc": 0o755, "home": 0o755, "mnt": 0o755, "proc": 0o555, "root": 0o700, "run": 0o755,
    "srv": 0o755, "sys": 0o555, "tmp": 0o1777, "usr/bin": 0o755, "usr/local/bin": 0o755, "var/log": 0o755,
    "var/tmp": 0o1777,
}  # fmt: skip


def base_tree() -> Tree:
    """Everything in lab/base.

    :raises NotSupported: the host has no shell, or no way to find its libraries.
    """
    tree: Tree = {PurePosixPath(path): Directory(mode) for path, mode in _DIRECTORIES.items()}
    tree |= {PurePosixPath(path): File(text.encode()) for path, text in _FILES.items()}
    tree |= _links_at_the_top()
    tree |= _terminals()
    programs = {name: path for name in _TOOLS if (path := find_program(name)) is not None}
    if "sh" not in programs:
        raise NotSupported("the lab makes its images of the host's programs, and this host has no sh")
    wanted = needs(programs.values())
    whole = {name: path for name, path in programs.items() if path in wanted and not wanted[path].missing}
    tree |= _placed(whole)
    return tree | library_tree(wanted[path] for path in whole.values())


def _links_at_the_top() -> Tree:
    """`/bin`, `/lib` and their like, as links where the host has them so, else as directories."""
    tree: Tree = {}
    for name in ("bin", "sbin", "lib", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            tree[PurePosixPath(name)] = Symlink(os.readlink(path))
            tree[PurePosixPath("usr", name)] = Directory()
        elif name == "bin":
            tree[PurePosixPath(name)] = Symlink("usr/bin")
    return tree


def _terminals() -> Tree:
    """The descriptions of terminals that the host has."""
    tree: Tree = {}
    for name in _TERMINALS:
        found = [Path(place, name[0], name) for place in _TERMINFO if Path(place, name[0], name).is_file()]
        if found:
            tree[PurePosixPath("usr/share/terminfo", name[0], name)] = File(found[0].resolve(), 0o644)
    return tree


def _placed(programs: dict[str, Path]) -> Tree:
    """Each program once, and links to it for its further names."""
    tree: Tree = {}
    first: dict[Path, str] = {}
    for name, path in programs.items():
        node: Node = Symlink(first[path]) if path in first else File(path, 0o755)
        first.setdefault(path, name)
        tree[PurePosixPath("usr/bin", name)] = node
    return tree
