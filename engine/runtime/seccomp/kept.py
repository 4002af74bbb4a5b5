"""Filter programs kept in the store: made once for a profile, a set of capabilities and a kernel.

A start pays for reading one file; what makes programs is loaded only when one is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from engine.launch.privileges import CAPABILITIES

DEFAULT_PROFILE = Path(__file__).with_name("default.json")
_MOST_KEPT = 64
_FORM = 1  # raised when a program of the same profile would come out different


class Program(NamedTuple):
    """A filter, ready to be loaded.

    :param instructions: struct sock_filter, one after another. :param flags: of seccomp(2).
    :param skipped: calls of the profile that libseccomp here does not know; they get the default action.
    """

    instructions: bytes
    flags: int
    skipped: tuple[str, ...]


def program_for(directory: Path, profile: bytes | None, capabilities: Collection[str]) -> Program:
    """The filter of a profile for a container on this machine.

    :param directory: where programs are kept; made when it is missing.
    :param profile: the document, or None for the default one.
    :param capabilities: of the container, without CAP_.
    :raises Malformed: the profile cannot be meant. :raises NotSupported: libseccomp is not installed.
    """
    path = directory / _name(profile, capabilities)
    kept = _read(path)
    if kept is not None:
        return kept
    from engine.runtime.seccomp.profile import parse_profile
    from engine.runtime.seccomp.program import make_program
    from engine.runtime.seccomp.rules import Machine, rules_that_count
    from engine.store.atomic import write_atomic

    machine = Machine.here()
    parsed = parse_profile(DEFAULT_PROFILE.read_bytes() if profile is None else profile)
    made = make_program(parsed, rules_that_count(parsed, capabilities, machine), machine)
    directory.mkdir(mode=0o700, exist_ok=True)
    head = json.dumps({"flags": made.flags, "skipped": made.skipped}).encode()
    write_atomic(path, head + b"\n" + made.instructions, 0o600)
    _prune(directory)
    return made


def _prune(directory: Path) -> None:
    """Let go of the oldest programs: kernels and libraries that they were made for are gone by then."""
    from engine.store.atomic import TEMPORARY

    ages = []
    for file in directory.iterdir():
        # Others keep and prune at the same moment: their files come, are renamed and go while this looks.
        if not file.name.startswith(TEMPORARY):
            with contextlib.suppress(FileNotFoundError):
                ages.append((file.stat().st_mtime, file))
    for _, file in sorted(ages, reverse=True)[_MOST_KEPT:]:
        file.unlink(missing_ok=True)


def _name(profile: bytes | None, capabilities: Collection[str]) -> str:
    """A file's name that says everything the program depends on."""
    if profile is None:
        status = os.stat(DEFAULT_PROFILE)
        document = f"default-{status.st_size:x}-{status.st_mtime_ns:x}"
    else:
        import hashlib  # 4 ms that only those with a profile of their own pay

        document = hashlib.sha256(profile).hexdigest()
    mask = sum(1 << CAPABILITIES.index(name) for name in set(capabilities))
    uname = os.uname()
    return f"{_FORM}-{document}-{mask:x}-{uname.machine}-{uname.release}-{_library()}"


def _library() -> str:
    """Changes when another libseccomp is installed: it may know calls that were skipped before."""
    try:
        return f"{os.stat('/etc/ld.so.cache').st_mtime_ns:x}"
    except OSError:
        from engine.linux.libseccomp import version

        return version()


def _read(path: Path) -> Program | None:
    try:
        head, newline, instructions = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(head)
        if newline and instructions and len(instructions) % 8 == 0:
            return Program(instructions, int(fields["flags"]), tuple(fields["skipped"]))
    except (ValueError, KeyError, TypeError):
        pass
    return None  # damaged: made anew in its place


def describe() -> str:
    """In a few words, whether system calls can be filtered here; for `lamina info`."""
    from engine.errors import NotSupported
    from engine.linux.libseccomp import version

    try:
        found = version()
    except NotSupported as error:
        return f"none: {error.message}"
    if not os.path.exists("/proc/sys/kernel/seccomp/actions_avail"):
        return "none: this kernel was built without it"
    return f"default profile, by libseccomp {found}"
