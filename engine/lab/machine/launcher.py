"""What becomes the emulator: it ends with who started it, and has no more rights than it needs.

Run as a fresh interpreter (`python -I -S`), because a fork of a threaded program is not safe to prepare in.
"""

from __future__ import annotations

import contextlib
import os
import resource
import stat

from engine.launch import syscalls as sys

_NOBODY = 65534
_KVM = "/dev/kvm"
_FILES = 64  # descriptors


def main(parent: int, words: list[str]) -> None:
    """Become the program. Returns never.

    :param parent: the pid of who starts it. :param words: the program by its path, and its words.
    """
    if os.geteuid() == 0:
        _become_nobody()
    # After the ids, which clear it.
    sys.prctl(sys.PR_SET_PDEATHSIG, sys.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it ended before it was asked to take us along
    sys.prctl(sys.PR_SET_NO_NEW_PRIVS, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    os.setsid()  # not ended by what is typed
    os.execve(words[0], words, {"PATH": os.defpath})


def _become_nobody() -> None:
    """Leave root for nobody, with the group that may use the processor's own machines, if there is one.

    A user whose namespace has a single id stays what he is, which is nobody's root.
    """
    groups = []
    with contextlib.suppress(OSError):
        found = os.stat(_KVM)
        if found.st_mode & stat.S_IRGRP and found.st_mode & stat.S_IWGRP and found.st_gid:
            groups = [found.st_gid]
    with contextlib.suppress(OSError):
        os.setgroups(groups)
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
