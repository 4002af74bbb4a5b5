"""The same probe under `run` and `exec` of both engines: the same sandbox, but for differences wanted.

Every wanted difference stands here with the answer it gives, and in docs/security.md with its reason.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import leaks
from tests.support.command import Lamina
from tests.support.docker import DockerDaemon
from tests.support.peers import RealRegistry

pytestmark = pytest.mark.system

HERE = Path(__file__).parent

# Calls that newer profiles of Docker allow, or know, and older daemons answer otherwise (numbers of x86_64).
NEWLY_ALLOWED = {
    303: "name_to_handle_at", 310: "process_vm_readv", 311: "process_vm_writev", 329: "pkey_mprotect",
    330: "pkey_alloc", 331: "pkey_free", 441: "epoll_pwait2", 444: "landlock_create_ruleset",
    445: "landlock_add_rule", 446: "landlock_restrict_self", 447: "memfd_secret", 448: "process_mrelease",
    449: "futex_waitv", 450: "set_mempolicy_home_node", 451: "cachestat", 452: "fchmodat2",
    453: "map_shadow_stack", 454: "futex_wake", 455: "futex_wait", 456: "futex_requeue",
}  # fmt: skip
NEWLY_REFUSED = {425: "io_uring_setup", 426: "io_uring_enter", 427: "io_uring_register"}
REFUSED_FAMILIES = {12, 19, 20, 23, 25, 34, 37, 38, 40, 46}
_EPERM = "1"


@pytest.fixture(scope="module", params=["run", "exec"])
def probes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, real_registry: RealRegistry
) -> Iterator[dict[str, dict[str, str]]]:
    """What both programs say under both engines: by program, then by engine."""
    docker, image = DockerDaemon.find(), real_registry.image("debian:12")
    directory = tmp_path_factory.mktemp("probe")
    shutil.copy(HERE / "look.sh", directory)
    bind = f"{directory}:/probe:ro"
    programs: dict[str, tuple[str, ...]] = {"look": ("sh", "/probe/look.sh")}
    if _compiled(directory / "probe"):
        programs["calls"] = ("/probe/probe",)
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("pull", image).ok()
        docker("pull", "--quiet", image)
        shared = ("--network", "none", "-v", bind, image)
        name = f"probed-{os.getpid()}"
        if request.param == "run":
            before: tuple[str, ...] = ("run", "--rm", *shared)
        else:
            waiting = ("run", "-d", "--name", name, *shared, "sleep", "infinity")
            lamina(*waiting).ok()
            docker(*waiting)
            before = ("exec", name)
        try:
            yield {
                program: {"lamina": lamina(*before, *words).ok().out, "docker": docker(*before, *words)}
                for program, words in programs.items()
            }
        finally:
            if request.param != "run":
                lamina("rm", "-f", name).ok()
                docker("rm", "-f", name)


def _compiled(target: Path) -> bool:
    if shutil.which("gcc") is None or platform.machine() != "x86_64":
        return False
    command = ["gcc", "-static", "-O1", "-o", str(target), str(HERE / "probe.c")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _answers(probes: dict[str, dict[str, str]], kind: str) -> Iterator[tuple[str, str, str]]:
    """Lines of a kind that differ: what was asked, and what Lamina and Docker answered."""
    if "calls" not in probes:
        pytest.skip("needs gcc with a static libc, on x86_64")
    said = []
    for engine in ("lamina", "docker"):
        lines = [line for line in probes["calls"][engine].splitlines() if line.startswith(kind)]
        said.append({tuple(line.split()[:2]): line.split(maxsplit=2)[2] for line in lines})
    assert said[0].keys() == said[1].keys()
    assert said[0]
    for asked, answer in said[0].items():
        if answer != said[1][asked]:
            yield asked[1], answer, said[1][asked]


def test_every_system_call_has_the_same_answer(probes: dict[str, dict[str, str]]) -> None:
    for number, ours, docker in _answers(probes, "call"):
        if number == "41":
            continue  # socket(-1, …): by family, below
        assert int(number) in NEWLY_ALLOWED or int(number) in NEWLY_REFUSED, f"{number}: {ours}, {docker}"
        if int(number) in NEWLY_REFUSED:
            assert ours == _EPERM


def test_sockets_of_the_same_families_can_be_made(probes: dict[str, dict[str, str]]) -> None:
    for family, ours, docker in _answers(probes, "socket"):
        assert int(family) in REFUSED_FAMILIES, f"{family}: {ours}, {docker}"
        assert ours == _EPERM


@pytest.mark.parametrize("kind", ["clone", "unshare", "personality", "ioctl"])
def test_arguments_of_calls_are_judged_alike(probes: dict[str, dict[str, str]], kind: str) -> None:
    assert list(_answers(probes, kind)) == []


def _section(probes: dict[str, dict[str, str]], name: str) -> tuple[list[str], list[str]]:
    """Lines of a section under Lamina and under Docker."""
    found = []
    for engine in ("lamina", "docker"):
        sections = re.split(r"^== (\w+)\n", probes["look"][engine], flags=re.MULTILINE)
        found.append(dict(zip(sections[1::2], sections[2::2], strict=True))[name].splitlines())
    return found[0], found[1]


def test_ids_capabilities_and_seccomp_mode_are_the_same(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = ([line for line in lines if "NSpid" not in line] for lines in _section(probes, "identity"))
    assert ours == docker
    assert "CapInh:\t0000000000000000" in ours
    assert "Seccomp:\t2" in ours


def test_limits_are_the_same_or_wider(probes: dict[str, dict[str, str]]) -> None:
    """Wider where the daemon was started with less than its own service gives it, and the kernel lets us."""
    ours, docker = _section(probes, "limits")
    widened = ("Max open files", "Max processes")
    assert [line for line in ours if not line.startswith(widened)] == [
        line for line in docker if not line.startswith(widened)
    ]


def test_the_environment_is_the_same(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = (
        sorted(re.sub(r"^HOSTNAME=[0-9a-f]{12}$", "HOSTNAME=id", line) for line in lines)
        for lines in _section(probes, "environment")
    )
    assert ours == docker


def test_the_same_descriptors_are_open(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = (
        [re.sub(r"[0-9]+\]", "]", line) for line in lines] for lines in _section(probes, "descriptors")
    )
    assert ours == docker


def test_devices_and_their_filter_are_the_same(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = (set(lines) for lines in _section(probes, "devices"))
    assert ours - docker == set()
    assert docker - ours <= {"c 10:200 rwm"}  # tunnels, which newer versions of Docker do not give either


def test_devices_that_were_not_given_cannot_be_opened(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = _section(probes, "opening")
    assert [line for line in ours if not line.startswith("c 10 200")] == [
        line for line in docker if not line.startswith("c 10 200")
    ]
    assert "c 10 200 Operation not permitted" in ours


def _mounts(lines: list[str]) -> dict[str, tuple[str, set[str]]]:
    """By place: type and options of the mount."""
    fields = [line.split() for line in lines]
    return {one[4]: (one[one.index("-") + 1], set(one[5].split(","))) for one in fields}


_HIDDEN = {"/proc/acpi", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"}
_NEWLY_HIDDEN = {"/proc/interrupts", "/sys/devices/virtual/powercap"}


def test_mounts_and_their_flags_are_the_same(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = map(_mounts, _section(probes, "mounts"))
    assert ours.keys() - docker.keys() <= _NEWLY_HIDDEN
    assert docker.keys() <= ours.keys()
    for place, (kind, options) in docker.items():
        tighter = {"nosuid", "nodev", "noexec"} if place in _HIDDEN else set()
        expected = ({"ro"} | options - {"rw"}) if place == "/sys/fs/cgroup" else options
        assert ours[place] == (kind, expected | tighter), place


def test_the_same_paths_are_hidden(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = (
        {line.split()[0]: line.split(maxsplit=1)[1] for line in lines} for lines in _section(probes, "hidden")
    )
    assert {path for path in ours if ours[path] != docker[path]} <= _NEWLY_HIDDEN
    assert ours["/proc/interrupts"] in ("file 0", "absent")


def test_writing_is_refused_alike(probes: dict[str, dict[str, str]]) -> None:
    ours, docker = (set(_section(probes, "writing")[0]), set(_section(probes, "writing")[1]))
    assert ours - docker <= {"/sys/fs/cgroup/x Read-only file system"}
    assert docker - ours == set()


def test_the_control_groups_have_the_same_shape(probes: dict[str, dict[str, str]]) -> None:
    """Lamina's has a namespace of its own on every host, Docker's by default only on version 2."""
    ours, docker = _section(probes, "groups")
    assert [line.rsplit(":", 1)[0] for line in ours] == [line.rsplit(":", 1)[0] for line in docker]
    assert {line.rsplit(":", 1)[1] for line in ours} == {"/"}
