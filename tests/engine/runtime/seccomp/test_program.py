"""What filters answer, asked of the programs themselves."""

import errno
import json
import platform
from pathlib import Path
from typing import Any

import pytest

from engine.errors import NotSupported
from engine.linux import libseccomp
from engine.runtime.sandbox import CAPABILITIES
from engine.runtime.seccomp.kept import DEFAULT_PROFILE, Program, program_for
from engine.runtime.seccomp.profile import parse_profile
from engine.runtime.seccomp.program import make_program
from engine.runtime.seccomp.rules import Machine, rules_that_count
from tests.engine.runtime.seccomp.simulate import ALLOW, ERRNO, KILL, judge

HERE = Machine("x86_64", (6, 1))
X86 = 0x40000003
_NEW_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)


@pytest.fixture(autouse=True)
def _library() -> None:
    try:
        libseccomp.version()
    except NotSupported as error:
        pytest.skip(error.message)
    if platform.machine() != "x86_64":
        pytest.skip("the numbers here are those of x86_64")


def _make(document: dict[str, Any], capabilities: tuple[str, ...] = CAPABILITIES) -> bytes:
    profile = parse_profile(json.dumps(document).encode())
    return make_program(profile, rules_that_count(profile, capabilities, HERE), HERE).instructions


@pytest.fixture(scope="module")
def default() -> bytes:
    """The default profile for Docker's capabilities."""
    return _default(CAPABILITIES)


def _default(capabilities: tuple[str, ...]) -> bytes:
    profile = parse_profile(DEFAULT_PROFILE.read_bytes())
    return make_program(profile, rules_that_count(profile, capabilities, HERE), HERE).instructions


@pytest.mark.parametrize("name", ["read", "openat", "execve", "setuid", "ptrace", "chroot", "arch_prctl"])
def test_what_programs_need_is_allowed(default: bytes, name: str) -> None:
    assert judge(default, name) == ALLOW


@pytest.mark.parametrize(
    "name",
    [
        "mount",
        "umount2",
        "unshare",
        "setns",
        "bpf",
        "keyctl",
        "add_key",
        "kexec_load",
        "init_module",
        "reboot",
        "swapon",
        "io_uring_setup",
        "userfaultfd",
        "perf_event_open",
        "open_by_handle_at",
        "acct",
        "iopl",
        "open_tree",
        "move_mount",
        "fsopen",
        "pivot_root",
        "settimeofday",
        "nfsservctl",
    ],
)
def test_what_reaches_the_host_is_refused(default: bytes, name: str) -> None:
    assert judge(default, name) == ERRNO | errno.EPERM


@pytest.mark.parametrize("flag", _NEW_NAMESPACES)
def test_clone_makes_no_namespace(default: bytes, flag: int) -> None:
    assert judge(default, "clone", flag | 17) == ERRNO | errno.EPERM


def test_clone_makes_threads_and_processes(default: bytes) -> None:
    assert judge(default, "clone", 0x3D0F00) == ALLOW
    assert judge(default, "clone", 17) == ALLOW


def test_clone3_is_not_there_so_that_libraries_fall_back(default: bytes) -> None:
    assert judge(default, "clone3") == ERRNO | errno.ENOSYS


@pytest.mark.parametrize(
    ("family", "allowed"),
    [
        (1, True),
        (2, True),
        (10, True),
        (16, True),
        (17, True),
        (38, False),
        (40, False),
        (12, False),
        (46, False),
        (2**32 + 38, False),
    ],
)
def test_sockets_are_of_families_that_are_kept_apart(default: bytes, family: int, allowed: bool) -> None:
    assert (judge(default, "socket", family) == ALLOW) is allowed


@pytest.mark.parametrize(
    ("value", "allowed"), [(0, True), (8, True), (0x20008, True), (0xFFFFFFFF, True), (0x40000, False)]
)
def test_personality_takes_no_weaker_memory_layout(default: bytes, value: int, allowed: bool) -> None:
    assert (judge(default, "personality", value) == ALLOW) is allowed


def test_calls_newer_than_the_profile_do_not_exist(default: bytes) -> None:
    assert judge(default, 5000) == ERRNO | errno.ENOSYS
    assert judge(default, 0x40000000 | 5000) == ERRNO | errno.ENOSYS  # by x32's numbers
    assert judge(default, 5000, architecture=X86) == ERRNO | errno.ENOSYS


def test_calls_of_32_bit_programs_are_judged_by_their_own_numbers(default: bytes) -> None:
    assert judge(default, "read", architecture=X86) == ALLOW
    assert judge(default, "mount", architecture=X86) == ERRNO | errno.EPERM


def test_a_foreign_architecture_is_killed(default: bytes) -> None:
    assert judge(default, 0, architecture=0xC00000B7) == KILL


@pytest.mark.parametrize(
    ("capability", "call"),
    [
        ("SYS_ADMIN", "mount"),
        ("SYS_ADMIN", "clone3"),
        ("SYS_PTRACE", "kcmp"),
        ("SYS_TIME", "settimeofday"),
        ("SYS_BOOT", "reboot"),
        ("SYS_MODULE", "init_module"),
        ("SYS_NICE", "mbind"),
        ("BPF", "bpf"),
        ("PERFMON", "perf_event_open"),
        ("SYSLOG", "syslog"),
        ("SYS_PACCT", "acct"),
        ("SYS_RAWIO", "iopl"),
        ("DAC_READ_SEARCH", "open_by_handle_at"),
        ("SYS_TTY_CONFIG", "vhangup"),
    ],
)
def test_a_capability_brings_the_calls_it_is_for(default: bytes, capability: str, call: str) -> None:
    assert judge(default, call) != ALLOW
    assert judge(_default((*CAPABILITIES, capability)), call) == ALLOW


def test_without_its_capability_chroot_is_refused() -> None:
    assert judge(_default(()), "chroot") == ERRNO | errno.EPERM


def test_clone_is_free_for_who_may_make_namespaces() -> None:
    assert judge(_default((*CAPABILITIES, "SYS_ADMIN")), "clone", 0x20000) == ALLOW


def test_old_kernels_get_no_ptrace() -> None:
    profile = parse_profile(DEFAULT_PROFILE.read_bytes())
    old = rules_that_count(profile, CAPABILITIES, Machine("x86_64", (4, 7)))
    assert not any("ptrace" in rule.names for rule in old)


def test_a_profile_of_ones_own_says_what_happens() -> None:
    program = _make(
        {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [
                {"names": ["mkdir", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
                {"names": ["sync"], "action": "SCMP_ACT_KILL"},
            ],
        }
    )
    assert judge(program, "mkdir") == ERRNO | 13
    assert judge(program, "sync") == KILL
    assert judge(program, 5000) == ALLOW


def test_several_conditions_on_one_argument_are_alternatives() -> None:
    either = [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"} for value in (3, 5)]
    program = _make(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            "syscalls": [{"names": ["close"], "action": "SCMP_ACT_ALLOW", "args": either}],
        }
    )
    assert [judge(program, "close", value) == ALLOW for value in (3, 4, 5)] == [True, False, True]


def test_calls_that_libseccomp_does_not_know_are_named() -> None:
    document = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [{"names": ["read", "from_the_future"], "action": "SCMP_ACT_ALLOW"}],
    }
    profile = parse_profile(json.dumps(document).encode())
    assert make_program(profile, profile.rules, HERE).skipped == ("from_the_future",)


def test_a_program_is_made_once_and_kept(tmp_path: Path) -> None:
    made = program_for(tmp_path / "kept", None, CAPABILITIES)
    (file,) = (tmp_path / "kept").iterdir()
    inode = file.stat().st_ino
    assert program_for(tmp_path / "kept", None, CAPABILITIES) == made
    assert file.stat().st_ino == inode
    assert program_for(tmp_path / "kept", None, ()) != made


def test_a_damaged_program_is_made_anew(tmp_path: Path) -> None:
    made = program_for(tmp_path, None, CAPABILITIES)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"{\n123")
    again: Program = program_for(tmp_path, None, CAPABILITIES)
    assert again == made
