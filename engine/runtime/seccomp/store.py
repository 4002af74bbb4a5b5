"""Filter programs kept in the store: made once for a profile, a set of capabilities and a kernel."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from pathlib import Path

from engine.errors import NotSupported
from engine.linux import libseccomp
from engine.runtime.seccomp.profile import parse_profile
from engine.runtime.seccomp.program import Program, make_program
from engine.runtime.seccomp.rules import Machine, rules_that_count
from engine.store.atomic import write_atomic

DEFAULT_PROFILE = Path(__file__).with_name("default.json")
_FORM = 1  # raised when a program of the same profile would come out different


def program_for(directory: Path, profile: bytes | None, capabilities: Collection[str]) -> Program:
    """The filter of a profile for a container on this machine.

    :param directory: where programs are kept; made when it is missing.
    :param profile: the document, or None for the default one.
    :param capabilities: of the container, without CAP_.
    :raises Malformed: the profile cannot be meant. :raises NotSupported: libseccomp is not installed.
    """
    document = DEFAULT_PROFILE.read_bytes() if profile is None else profile
    machine = Machine.here()
    # The library's own version too: a newer one knows calls that were skipped.
    words = [str(_FORM), machine.name, str(machine.kernel), libseccomp.version(), *sorted(capabilities)]
    digest = hashlib.sha256(document)
    digest.update("\0".join(["", *words]).encode())
    path = directory / digest.hexdigest()
    kept = _read(path)
    if kept is not None:
        return kept
    parsed = parse_profile(document)
    made = make_program(parsed, rules_that_count(parsed, capabilities, machine), machine)
    directory.mkdir(mode=0o700, exist_ok=True)
    head = json.dumps({"flags": made.flags, "skipped": made.skipped}).encode()
    write_atomic(path, head + b"\n" + made.instructions, 0o600)
    return made


def _read(path: Path) -> Program | None:
    try:
        head, newline, instructions = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(head)
        if newline and instructions and len(instructions) % 8 == 0:
            os.utime(path)  # so that what nobody has used for long can be told
            return Program(instructions, int(fields["flags"]), tuple(fields["skipped"]))
    except (ValueError, KeyError, TypeError):
        pass
    return None  # damaged: made anew in its place


def describe() -> str:
    """In a few words, whether system calls can be filtered here; for `lamina info`."""
    try:
        version = libseccomp.version()
    except NotSupported as error:
        return f"none: {error.message}"
    if not os.path.exists("/proc/sys/kernel/seccomp/actions_avail"):
        return "none: this kernel was built without it"
    return f"default profile, by libseccomp {version}"
