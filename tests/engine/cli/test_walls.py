"""The options that say how a container is kept apart and limited."""

from pathlib import Path

import click
import pytest

from engine.containers.models import BindMount, Device, Isolation, Names, Resources, Tmpfs, Ulimit
from engine.errors import LaminaError
from tests.engine.cli.test_options import options, parsed


def test_left_out_they_mean_dockers_defaults() -> None:
    found = options("image")
    assert (found.isolation, found.resources, found.names) == (Isolation(), Resources(), Names())


def test_walls() -> None:
    asked = options(
        "--cap-add", "cap_net_admin", "--cap-drop", "all", "--security-opt", "no-new-privileges",
        "--security-opt", "seccomp=unconfined", "--group-add", "audio", "--group-add", "7", "--pid", "host",
        "--uts", "host", "--sysctl", "net.ipv4.ip_forward=1", "--ulimit", "nofile=100:200", "--ulimit",
        "core=-1", "--device", "/dev/fuse", "--device", "/dev/null:/dev/x:r", "--device", "/dev/zero:rw",
        "--tmpfs", "/run:size=64k,mode=700,exec", "--shm-size", "1g", "--privileged", "image",
    )  # fmt: skip
    assert asked.isolation == Isolation(
        cap_add=("NET_ADMIN",),
        cap_drop=("ALL",),
        privileged=True,
        no_new_privileges=True,
        seccomp="unconfined",
        groups=("audio", "7"),
        shared=("pid", "uts"),
        sysctls={"net.ipv4.ip_forward": "1"},
        ulimits=(Ulimit("nofile", 100, 200), Ulimit("core", -1, -1)),
        devices=(
            Device("/dev/fuse", "/dev/fuse"), Device("/dev/null", "/dev/x", "r"),
            Device("/dev/zero", "/dev/zero", "rw"),
        ),
        tmpfs=(Tmpfs("/run", 64 << 10, 0o700, flags=("exec",)),),
        shm_size=1 << 30,
    )  # fmt: skip


def test_limits() -> None:
    asked = options(
        "-m", "512m", "--memory-swap", "-1", "--memory-reservation", "0.5g", "--cpus", "1.5", "-c", "512",
        "--cpuset-cpus", "0-1", "--cpuset-mems", "0", "--pids-limit", "-1", "--blkio-weight", "300", "image",
    )  # fmt: skip
    assert asked.resources == Resources(512 << 20, -1, 512 << 20, 1_500_000_000, 512, "0-1", "0", -1, 300)


def test_names() -> None:
    asked = options(
        "--add-host", "db:10.0.0.1", "--add-host", "v6=[::1]", "--dns", "9.9.9.9", "--dns-search", "a", "i"
    )
    assert asked.names == Names((("db", "10.0.0.1"), ("v6", "::1")), ("9.9.9.9",), ("a",))


def test_mounts_of_both_kinds() -> None:
    asked = options(
        "--mount", "type=bind,src=/a,dst=/b,readonly", "--mount",
        "type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=755", "-v", "/c:/d", "image",
    )  # fmt: skip
    assert asked.binds == (BindMount("/c", "/d", make=True), BindMount("/a", "/b", read_only=True))
    assert asked.isolation.tmpfs == (Tmpfs("/t", 1 << 20, 0o755),)


def test_a_profile_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"a": 1}')
    assert options("--security-opt", f"seccomp={tmp_path}/p.json", "i").isolation.seccomp == '{"a": 1}'
    assert options("--security-opt", "seccomp:unconfined", "i").isolation.seccomp == "unconfined"


@pytest.mark.parametrize(
    "word", ["apparmor=unconfined", "apparmor:unconfined", "label=disable", "label:disable"]
)
def test_no_profile_is_what_there_is_anyway(word: str) -> None:
    assert options("--security-opt", word, "i").isolation == options("i").isolation


def test_a_share_of_the_machines_memory_is_a_size_of_a_tmpfs() -> None:
    (half,) = options("--tmpfs", "/x:size=50%", "i").isolation.tmpfs
    (whole,) = options("--tmpfs", "/x:size=100%", "i").isolation.tmpfs
    assert half.size == whole.size // 2 > 0


def test_the_one_log_driver_may_be_named() -> None:
    assert options("--log-driver", "json-file", "--log-opt", "max-file=3", "i").log.files == 3


def test_life_and_files() -> None:
    found = parsed("--init", "--stop-signal", "INT", "--stop-timeout", "2.5", "--cidfile", "/tmp/x", "image")
    assert (found.options.reaper, found.options.stop_signal, found.options.stop_timeout) == (True, "INT", 2.5)
    assert found.id_file == "/tmp/x"


@pytest.mark.parametrize(
    "words",
    [
        ("--security-opt", "apparmor=docker-default"),
        ("--security-opt", "label=type:x"),
        ("--log-driver", "syslog"),
        ("--security-opt", "seccomp"),
        ("--security-opt", "seccomp=/no/such/file"),
        ("--security-opt", "seccomp=/"),
        ("--mount", "type=volume,target=/x,bind-propagation=shared"),
        ("--mount", "type=volume,source=v,target=/x,volume-driver=nfs"),
        ("--mount", "type=volume,source=v,target=/x,source=w"),
        ("--mount", "type=tmpfs,source=v,target=/x"),
        ("--mount", "type=bind,source=/a,target=/b,readonly=perhaps"),
        ("--mount", "type=bind,source=~/a,target=/b"),
        ("--volume-driver", "nfs"),
        ("--mount", "type=bind,source=/a,target=/b,surprise=1"),
        ("--mount", "type=bind,source=a,target=/b"),
        ("--mount", "type=bind,source=/a"),
        ("--mount", "nonsense"),
        ("--tmpfs", "/x:nr_inodes=7"),
        ("--tmpfs", "/x:size=-1%"),
        ("--tmpfs", "/x:mode=9"),
        ("--ulimit", "nofile"),
        ("--ulimit", "nofile=1_0"),
        ("--ulimit", "nofile=many"),
        ("--sysctl", "novalue"),
        ("--device", "fuse"),
        ("--device", "/dev/a:/dev/b:r:w"),
        ("--add-host", "db"),
        ("-m", "lots"),
        ("-m", "-1"),
        ("-m", "9999999999999999999p"),
        ("--cpus", "nan"),
        ("--cpus", "-1"),
        ("--cpus", "x"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_option(words: tuple[str, str]) -> None:
    with pytest.raises(LaminaError, match=words[0] if words[0] != "-m" else "--memory"):
        options(*words, "image")


@pytest.mark.parametrize("word", ["--nothing=host", "--isolated=x"])
def test_an_option_that_is_not_supported_is_refused_by_name(word: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        options(word, "image")
    assert word.partition("=")[0] in caught.value.format_message()
