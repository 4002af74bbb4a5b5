"""Programs that try to get out: each way is tried for real, as root in a default container.

What leads a start out of the container is in `tests/engine/launch/test_hostile_images.py`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

HERE = Path(__file__).parent
_ALONE = ("--network", "none")

# What tells of the host, or changes it, where the kernel shows it at all.
_WRITTEN = """
/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/ns_last_pid /proc/sys/kernel/hostname
/proc/sys/vm/overcommit_memory /proc/sys/vm/drop_caches /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger
/proc/irq/default_smp_affinity /proc/self/uid_map /proc/mtrr /proc/kmsg /proc/acpi/wakeup
/proc/bus/pci/00/00.0 /sys/kernel/uevent_helper /sys/power/state /sys/kernel/mm/transparent_hugepage/enabled
/sys/fs/cgroup/release_agent /sys/fs/cgroup/memory/release_agent /sys/fs/cgroup/memory/cgroup.procs
/sys/fs/cgroup/devices/devices.allow /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/cgroup.procs
/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max
"""
_EMPTY = "/proc/keys /proc/timer_list /proc/interrupts /proc/kcore /proc/sched_debug /proc/latency_stats"
_LISTED = "/proc/acpi /proc/scsi /sys/firmware"
_SCRIPT = f"""
for path in {" ".join(_WRITTEN.split())}; do
    if [ -e $path ] && (echo 1 > $path) 2>/dev/null; then echo "$path was written"; fi; done
for path in {_EMPTY}; do [ -z "$(head -c 64 $path 2>/dev/null)" ] || echo "$path was read"; done
for path in {_LISTED}; do [ -z "$(ls $path 2>/dev/null)" ] || echo "$path was listed"; done
for path in /proc/keys /sys/firmware /etc/hosts; do
    mv $path /tmp/aside 2>/dev/null && echo "$path was moved away"; done
echo done
"""


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab's base image."""
    with lab_house() as lamina:
        yield lamina


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the programs that attack."""
    if shutil.which("gcc") is None or platform.machine() != "x86_64":
        pytest.skip("needs gcc with a static libc, on x86_64")
    directory = tmp_path_factory.mktemp("attacks")
    directory.chmod(0o755)
    (directory / "hijack").write_text("#!/proc/self/exe\n")
    (directory / "hijack").chmod(0o755)
    for name, words in (("attacks", ()), ("loader", ("-nostdlib", "-fno-stack-protector"))):
        command = ["gcc", "-static", "-O1", *words, "-o", str(directory / name), str(HERE / f"{name}.c")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"gcc makes no static programs here: {done.stderr[:200]}")
    return directory


@pytest.mark.parametrize("user", ["0", "1000"])
@pytest.mark.parametrize("way", ["run", "exec"])
def test_no_system_call_leads_out(house: Lamina, programs: Path, way: str, user: str) -> None:
    bind, name = f"{programs}:/w:ro", f"{way}-{user}"
    if way == "run":
        house("create", "--name", name, *_ALONE, "-u", user, "-v", bind, "lab/base", "/w/attacks").ok()
        house("cp", str(HERE / "look.sh"), f"{name}:/mark-of-the-container").ok()
        said = house("start", "-a", name).ok().out
    else:
        house("run", "-d", "--name", name, *_ALONE, "-v", bind, "lab/base", "sleep", "1000").ok()
        house("exec", name, "touch", "/mark-of-the-container").ok()
        said = house("exec", "-u", user, name, "/w/attacks").ok().out
    house("rm", "-f", name).ok()
    lines = said.splitlines()
    assert len(lines) > 70
    assert [line for line in lines if "refused" not in line and "killed" not in line] == []


@pytest.mark.parametrize("way", ["run", "exec"])
def test_nothing_of_the_host_is_told_or_changed_through_the_kernels_files(house: Lamina, way: str) -> None:
    if way == "run":
        said = house("run", "--rm", *_ALONE, "lab/base", "sh", "-c", _SCRIPT).ok().out
    else:
        house("run", "-d", "--name", "files", *_ALONE, "lab/base", "sleep", "1000").ok()
        said = house("exec", "files", "sh", "-c", _SCRIPT).ok().out
        house("rm", "-f", "files").ok()
    assert said == "done\n"


def _identity(path: str) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def test_who_joins_a_container_is_seen_in_it_without_anything_of_the_host(
    house: Lamina, programs: Path, tmp_path: Path
) -> None:
    """CVE-2016-9962: with CAP_SYS_PTRACE programs inside may look into one that exec is about to start."""
    mark = tmp_path / "mark"
    mark.touch()
    words = ("--name", "traced", *_ALONE, "--cap-add", "SYS_PTRACE", "-v", f"{programs}:/w:ro", "lab/base")
    house("run", "-d", *words, "/w/attacks", "watch", str(mark)).ok()
    assert eventually(lambda: "watching" in house("logs", "traced").out)
    for _ in range(15):
        house("exec", "traced", "true").ok()
    said = house("logs", "traced").ok().out
    house("rm", "-f", "traced").ok()
    assert said == "watching\nlooked into one\n"


@pytest.mark.parametrize("more", [(), ("--cap-add", "SYS_PTRACE", "--security-opt", "seccomp=unconfined")])
@pytest.mark.parametrize("way", ["run", "exec"])
def test_the_engines_interpreter_run_as_the_containers_program_cannot_be_written(
    house: Lamina, programs: Path, way: str, more: tuple[str, ...]
) -> None:
    """CVE-2019-5736: a script of the container runs the interpreter, by a loader of the container's."""
    before = _identity(sys.executable)
    image = Path(os.readlink("/proc/self/exe"))
    loader = subprocess.run(["readelf", "-l", image], capture_output=True, text=True, check=False).stdout
    place = loader.partition("interpreter: ")[2].partition("]")[0]
    if not place:
        pytest.skip("the interpreter here has no loader, or readelf is missing")
    shared = (*_ALONE, *more, "-v", f"{programs}:/w:ro", "-v", f"{programs}/loader:{place}:ro")
    if way == "run":
        said = house("run", "--rm", *shared, "lab/base", "/w/hijack").out
    else:
        house("run", "-d", "--name", "hijacked", *shared, "lab/base", "/w/attacks", "wait").ok()
        said = house("exec", "hijacked", "/w/hijack").out
        house("rm", "-f", "hijacked").ok()
    assert _identity(sys.executable) == before
    for line in said.splitlines()[1:]:
        assert line.split()[1] in ("26", "30", "13", "01"), said  # busy, read-only, refused
    assert "truncate 30" in said


def test_keys_of_whoever_starts_containers_are_not_theirs(house: Lamina, programs: Path) -> None:
    words = (*_ALONE, "--security-opt", "seccomp=unconfined", "-v", f"{programs}:/w:ro", "lab/base")
    own = subprocess.run([programs / "attacks", "keyring"], capture_output=True, text=True, check=True).stdout
    if not own.strip().isdigit():
        pytest.skip("this kernel keeps no keys")
    house("run", "-d", "--name", "keys", *words, "/w/attacks", "wait").ok()
    found = [house("exec", "keys", "/w/attacks", "keyring").ok().out for _ in range(2)]
    found.append(house("run", "--rm", *words, "/w/attacks", "keyring").ok().out)
    house("rm", "-f", "keys").ok()
    assert found[0] == found[1]
    assert len({own, *found}) == 3


def test_a_tree_deeper_than_any_path_goes_with_its_container(house: Lamina, programs: Path) -> None:
    words = (*_ALONE, "-v", f"{programs}:/w:ro", "-w", "/tmp", "lab/base", "/w/attacks", "dig")
    house("run", "--name", "deep", *words).ok()
    for look in (("diff", "deep"), ("commit", "deep", "made:1")):
        said = house(*look)
        assert said.code == 1
        assert "lies too deep" in said.err
    house("rm", "deep").ok()
    assert list((house.root / "containers").iterdir()) == []


def test_what_containers_write_is_beyond_the_reach_of_other_users(house: Lamina) -> None:
    """A set-uid program that a container makes is root's on the host's disk, too."""
    script = "cp /bin/sh /own && chmod 6755 /own /etc/hostname"
    house("run", "--name", "own", *_ALONE, "lab/base", "sh", "-c", script).ok()
    assert [path for path in house.root.iterdir() if path.is_dir() and path.stat().st_mode & 0o077] == []
    house("rm", "own").ok()


def test_the_engine_listens_at_no_address_that_a_container_on_the_hosts_network_reaches(
    house: Lamina,
) -> None:
    """CVE-2020-15257: abstract names belong to a network namespace, and paths do not."""
    house("run", "-d", "--name", "listened", *_ALONE, "lab/base", "sleep", "1000").ok()
    words = ("run", "--rm", "--network", "host", "lab/base", "cat", "/proc/net/unix")
    names = [line.split()[7] for line in house(*words).ok().out.splitlines()[1:] if len(line.split()) > 7]
    house("rm", "-f", "listened").ok()
    assert [name for name in names if name.startswith("@") and ("lamina" in name or "attach" in name)] == []


def test_files_of_names_that_a_container_fills_are_read_by_nobody(house: Lamina) -> None:
    script = "head -c 100000000 /dev/zero | tee /etc/hosts > /etc/resolv.conf; sleep 1000"
    house("run", "-d", "--name", "filling", *_ALONE, "lab/base", "sh", "-c", script).ok()
    house("restart", "-t", "0", "filling").ok()
    assert len(house("exec", "filling", "head", "-c", "2000", "/etc/hostname").ok().out) < 100
    house("rm", "-f", "filling").ok()


def test_a_second_start_from_a_root_that_the_container_furnished_is_as_safe_as_the_first(
    house: Lamina,
) -> None:
    """What its first life put in the places of mounts, names and programs, the second one meets."""
    script = (
        "mount() { :; }; rm -rf /tmp /root; ln -s /proc/self/fd/3 /tmp; ln -s / /root; rm /etc/passwd;"
        " mkfifo /etc/passwd; rm -f /bin/sh; ln -s /proc/self/exe /bin/sh"
    )
    house("run", "--name", "furnished", *_ALONE, "-w", "/root", "lab/base", "sh", "-c", script).ok()
    said = house("start", "-a", "furnished", timeout=60)
    assert said.code in (125, 126, 127)
    house("rm", "furnished").ok()


_NAMES = r"""
mkdir "$(printf '/root/a\033[2Jb\nc\342\200\256d')"
(exec sleep 1000 "$(printf '\033]0;x\007\n\033[2J[red]')") 2>/dev/null &
cp /bin/sleep "$(printf '/tmp/\033[1m\n')" && "$(printf '/tmp/\033[1m\n')" 1000 &
printf 'ready\n'; sleep 1000
"""


def test_names_that_a_container_gives_tell_terminals_nothing(house: Lamina) -> None:
    label = "note=\x1b[2J\u202e"
    words = ("--name", "named", "-l", label, *_ALONE, "lab/base", "sh", "-c", _NAMES)
    house("run", "-d", *words).ok()
    assert eventually(lambda: house("logs", "named").out == "ready\n")
    said = "".join(
        house(*words).ok().out
        for words in (
            ("ps", "--no-trunc"), ("top", "named"), ("diff", "named"), ("namespaces", "named"),
            ("overlay", "named"), ("inspect", "named"), ("ps", "--format", "{{.Labels}}"),
            ("stats", "--no-stream"), ("events", "--since", "10m", "--until", "0m"),
        )
    )  # fmt: skip
    house("rm", "-f", "named").ok()
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(said)


def test_exec_is_led_nowhere_by_what_runs_inside(house: Lamina) -> None:
    script = (
        "rm /etc/passwd /etc/group; mkfifo /etc/passwd /etc/group; mkdir /way; ln -s /proc/self/fd/3 /way/fd;"
        " ln -s /proc/1/root /way/root; rm -rf /tmp; ln -s /proc/self/cwd /tmp; echo ready; exec sleep 1000"
    )
    house("run", "-d", "--name", "led", *_ALONE, "lab/base", "sh", "-c", script).ok()
    assert eventually(lambda: house("logs", "led").out == "ready\n")
    for words in (("-w", "/way/fd"), ("-w", "/way/root"), ("-w", "/tmp"), ("-u", "web"), ("-u", "0:www")):
        refused = house("exec", *words, "led", "pwd", timeout=60)
        assert refused.code == 126
        assert refused.out == ""
    assert house("exec", "-u", "0:0", "led", "pwd").ok().out == "/\n"
    house("rm", "-f", "led").ok()


def test_a_monitor_listens_where_its_user_alone_comes(house: Lamina) -> None:
    made = house("run", "-d", "--name", "sock", *_ALONE, "lab/base", "sleep", "1000").ok().out.strip()
    socket = next(house.root.rglob("attach.sock"))
    assert made in str(socket)
    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    # The path alone opens nothing to others either.
    words = ["setpriv", "--reuid", "65534", "--clear-groups", "test", "-e", str(socket)]
    assert subprocess.run(words, check=False).returncode != 0
    house("rm", "-f", "sock").ok()


def test_a_monitor_cannot_be_looked_into(house: Lamina) -> None:
    """Not by programs that share the host's processes, even as root, without CAP_SYS_PTRACE."""
    house("run", "-d", "--name", "kept", *_ALONE, "lab/base", "sleep", "1000").ok()
    init = house("inspect", "kept").json()[0]["State"]["Pid"]
    status = Path(f"/proc/{init}/status").read_text()
    monitor = status.partition("PPid:")[2].split()[0]
    places = " ".join(f"/proc/{monitor}/{name}" for name in ("fd/0", "fd/6", "exe", "root", "cwd", "ns/mnt"))
    files = " ".join(
        f"/proc/{monitor}/{name}" for name in ("environ", "mem", "maps", "fd/6", "root/etc/shadow")
    )
    look = f"readlink {places}; for file in {files}; do head -c 1 $file && echo read; done"
    said = house("run", "--rm", *_ALONE, "--pid", "host", "lab/base", "sh", "-c", look)
    house("rm", "-f", "kept").ok()
    assert said.out == ""
    assert "ermission" in said.err
