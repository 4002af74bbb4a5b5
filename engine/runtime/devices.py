"""Which devices a container may make and open: Docker's list, as each kind of control group takes it."""

import os
import re
import stat
import struct
from collections.abc import Iterable
from typing import NamedTuple

from engine.errors import InvalidArgument, NotFound
from engine.runtime.isolation import Device


class DeviceRule(NamedTuple):
    """What may be done with some devices; None stands for every number.

    :param kind: "c" or "b". :param access: of "r", "w" and "m" (mknod).
    """

    kind: str
    major: int | None
    minor: int | None
    access: str


# Every device node may be made, for archives hold them; these alone may be opened (moby: oci/defaults.go;
# runc: libcontainer/specconv, AllowedDevices).
DEFAULT_RULES = (
    DeviceRule("c", None, None, "m"),
    DeviceRule("b", None, None, "m"),
    DeviceRule("c", 1, 3, "rwm"),  # null
    DeviceRule("c", 1, 5, "rwm"),  # zero
    DeviceRule("c", 1, 7, "rwm"),  # full
    DeviceRule("c", 1, 8, "rwm"),  # random
    DeviceRule("c", 1, 9, "rwm"),  # urandom
    DeviceRule("c", 5, 0, "rwm"),  # tty
    DeviceRule("c", 5, 1, "rwm"),  # console
    DeviceRule("c", 5, 2, "rwm"),  # ptmx
    DeviceRule("c", 136, None, "rwm"),  # pseudo-terminals
)


class Node(NamedTuple):
    """A device node as it is on the host."""

    path: str  # inside
    kind: str
    major: int
    minor: int
    mode: int
    uid: int
    gid: int


_RULE = r"([abc]) ([0-9]{1,7}|\*):([0-9]{1,7}|\*) ([rwm]{1,3})"


def parse_rules(text: str) -> list[DeviceRule]:
    """Rules in Docker's words, "c 42:* rmw"; "a" is both kinds.

    :raises InvalidArgument: it is none.
    """
    found = re.fullmatch(_RULE, text, re.ASCII)
    if not found:
        raise InvalidArgument(f"--device-cgroup-rule {text!r} is none", hint="for example 'c 42:* rwm'")
    kinds = "bc" if found[1] == "a" else found[1]
    major, minor = (None if number == "*" else int(number) for number in found.group(2, 3))
    return [DeviceRule(kind, major, minor, found[4]) for kind in kinds]


def look_up(device: Device) -> Node:
    """The node behind a device that was asked for; links are followed.

    :raises NotFound: there is none. :raises InvalidArgument: something else stands there.
    """
    try:
        status = os.stat(device.source)
    except OSError as error:
        raise NotFound(f"--device {device.source}: {error.strerror}") from error
    if not (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        raise InvalidArgument(f"--device {device.source} is no device", hint="for a file or directory use -v")
    return _node(device.target, status)


def all_of_the_host() -> list[Node]:
    """Every device node below /dev, but the terminals and what each container has of its own."""
    skipped = {"pts", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev"}
    found = []
    for directory, names, files in os.walk("/dev"):
        if directory == "/dev":
            names[:] = [name for name in names if name not in skipped]
            files = [name for name in files if name not in skipped]
        for name in files:
            path = os.path.join(directory, name)
            try:
                status = os.lstat(path)
            except OSError:
                continue  # unplugged while we looked
            if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                found.append(_node(path, status))
    return found


def _node(path: str, status: os.stat_result) -> Node:
    kind = "b" if stat.S_ISBLK(status.st_mode) else "c"
    return Node(
        path, kind, os.major(status.st_rdev), os.minor(status.st_rdev),
        stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid,
    )  # fmt: skip


def as_lines(rules: Iterable[DeviceRule]) -> list[str]:
    """For devices.allow of version 1 (kernel: admin-guide/cgroup-v1/devices.rst)."""
    return [f"{rule.kind} {_number(rule.major)}:{_number(rule.minor)} {rule.access}" for rule in rules]


def _number(number: int | None) -> str:
    return "*" if number is None else str(number)


# linux/bpf.h: struct bpf_insn; bpf_cgroup_dev_ctx is { u32 access << 16 | type; u32 major; u32 minor }.
_INSTRUCTION = struct.Struct("<BBhi")
_LOAD_WORD, _AND, _SHIFT_RIGHT, _COPY, _SET, _JUMP_UNEQUAL, _EXIT = 0x61, 0x54, 0x74, 0xBC, 0xB7, 0x55, 0x95
_KINDS = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}
_ALL = 7


def as_program(rules: Iterable[DeviceRule]) -> bytes:
    """For control groups of version 2, which ask a program (BPF_PROG_TYPE_CGROUP_DEVICE)."""
    context, kind, access, major, minor, scratch = 1, 2, 3, 4, 5, 6
    code = [
        (_LOAD_WORD, kind, context, 0, 0),
        (_AND, kind, 0, 0, 0xFFFF),
        (_LOAD_WORD, access, context, 0, 0),
        (_SHIFT_RIGHT, access, 0, 0, 16),
        (_LOAD_WORD, major, context, 4, 0),
        (_LOAD_WORD, minor, context, 8, 0),
    ]
    for rule in rules:
        checks = [(kind, _KINDS[rule.kind])]
        checks += [(major, rule.major)] if rule.major is not None else []
        checks += [(minor, rule.minor)] if rule.minor is not None else []
        forbidden = _ALL & ~sum(_ACCESS[letter] for letter in set(rule.access))
        block: list[tuple[int, int, int, int, int]] = []
        left = len(checks) + (3 if forbidden else 0) + 2
        for register, value in checks:
            left -= 1
            block.append((_JUMP_UNEQUAL, register, 0, left, value))
        if forbidden:
            block += [
                (_COPY, scratch, access, 0, 0),
                (_AND, scratch, 0, 0, forbidden),
                (_JUMP_UNEQUAL, scratch, 0, 2, 0),
            ]
        code += [*block, (_SET, 0, 0, 0, 1), (_EXIT, 0, 0, 0, 0)]
    code += [(_SET, 0, 0, 0, 0), (_EXIT, 0, 0, 0, 0)]
    return b"".join(
        _INSTRUCTION.pack(operation, source << 4 | target, offset, value)
        for operation, target, source, offset, value in code
    )
