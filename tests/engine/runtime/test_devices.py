"""Devices: Docker's list, looking them up, and the filter's program run step by step."""

import struct

import pytest

from engine.errors import InvalidArgument, NotFound
from engine.runtime.devices import DEFAULT_RULES, DeviceRule, all_of_the_host, as_lines, as_program, look_up
from engine.runtime.isolation import Device

_KINDS, _MKNOD, _READ, _WRITE = {"b": 1, "c": 2}, 1, 2, 4


def _allows(program: bytes, kind: str, major: int, minor: int, access: int) -> bool:
    """Run struct bpf_insn over a struct bpf_cgroup_dev_ctx."""
    context = struct.pack("<3I", access << 16 | _KINDS[kind], major, minor)
    code = list(struct.iter_unpack("<BBhi", program))
    registers, at = [0] * 10, 0
    while True:
        operation, pair, offset, value = code[at]
        target, source, at = pair & 15, pair >> 4, at + 1
        if operation == 0x95:
            return bool(registers[0])
        if operation == 0x61:
            (registers[target],) = struct.unpack_from("<I", context, offset)
        elif operation == 0x54:
            registers[target] &= value
        elif operation == 0x74:
            registers[target] >>= value
        elif operation == 0xBC:
            registers[target] = registers[source]
        elif operation == 0xB7:
            registers[target] = value
        elif operation == 0x55:
            at += offset if registers[target] != value else 0
        else:
            raise AssertionError(hex(operation))


@pytest.mark.parametrize(
    ("kind", "major", "minor", "access", "allowed"),
    [
        ("c", 1, 3, _READ | _WRITE, True),
        ("c", 1, 3, _MKNOD, True),
        ("c", 136, 77, _READ | _WRITE, True),
        ("c", 1, 1, _READ, False),
        ("c", 1, 1, _MKNOD, True),
        ("b", 254, 0, _MKNOD, True),
        ("b", 254, 0, _READ, False),
        ("b", 254, 0, _READ | _MKNOD, False),
        ("b", 1, 3, _READ, False),
        ("c", 10, 200, _READ, True),
        ("c", 10, 200, _WRITE, False),
        ("c", 10, 200, _READ | _WRITE, False),
    ],
)
def test_the_program_judges_as_the_rules_say(
    kind: str, major: int, minor: int, access: int, allowed: bool
) -> None:
    program = as_program([*DEFAULT_RULES, DeviceRule("c", 10, 200, "r")])
    assert _allows(program, kind, major, minor, access) is allowed


def test_rules_as_lines_of_version_1() -> None:
    assert as_lines(DEFAULT_RULES[:3]) == ["c *:* m", "b *:* m", "c 1:3 rwm"]


def test_a_device_is_looked_up_through_links() -> None:
    node = look_up(Device("/dev/null", "/dev/nothing"))
    assert (node.path, node.kind, node.major, node.minor) == ("/dev/nothing", "c", 1, 3)


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="/etc is no device"):
        look_up(Device("/etc", "/dev/x"))
    with pytest.raises(NotFound, match="/dev/no-such"):
        look_up(Device("/dev/no-such", "/dev/x"))


def test_all_of_the_host_leaves_out_what_each_container_has_of_its_own() -> None:
    paths = {node.path for node in all_of_the_host()}
    assert "/dev/null" in paths
    assert not any(path.startswith(("/dev/pts", "/dev/shm", "/dev/console")) for path in paths)
