"""What cannot be asked of a container, each refused by its option's name."""

import pytest

from engine.containers import checks
from engine.errors import InvalidArgument, LaminaError, NotSupported
from engine.launch.privileges import CAPABILITIES
from engine.linux import capabilities
from engine.runtime.isolation import Device, Isolation, Names, Resources, Tmpfs, Ulimit

MIB = 1 << 20


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        (Isolation(cap_add=("NOPE",)), "--cap-add NOPE"),
        (Isolation(cap_drop=("NOPE",)), "--cap-drop NOPE"),
        (Isolation(seccomp="{}"), "--security-opt seccomp"),
        (Isolation(sysctls={"kernel.panic": "1"}), "--sysctl kernel.panic"),
        (Isolation(sysctls={"kernel.shmmax/../panic": "1"}), "--sysctl"),
        (Isolation(sysctls={"net..x": "1"}), "--sysctl"),
        (Isolation(sysctls={"net.ipv4.ip_forward": "1\n"}), "--sysctl"),
        (Isolation(sysctls={"kernel.shmmax": "1"}, shared=("ipc",)), "--sysctl kernel.shmmax"),
        (Isolation(ulimits=(Ulimit("files", 1, 1),)), "--ulimit files"),
        (Isolation(ulimits=(Ulimit("nofile", 2, 1),)), "--ulimit nofile"),
        (Isolation(ulimits=(Ulimit("nofile", -1, 1),)), "--ulimit nofile"),
        (Isolation(devices=(Device("/dev/nope", "/dev/nope"),)), "--device /dev/nope"),
        (Isolation(devices=(Device("/dev/null", "/etc/null"),)), "--device /etc/null"),
        (Isolation(devices=(Device("/dev/null", "/dev/../etc/x"),)), "--device"),
        (Isolation(devices=(Device("/dev/null", "/dev/x", "rwx"),)), "--device /dev/null"),
        (Isolation(tmpfs=(Tmpfs("relative"),)), "--tmpfs relative"),
        (Isolation(tmpfs=(Tmpfs("/"),)), "--tmpfs /"),
        (Isolation(tmpfs=(Tmpfs("/x", flags=("bind",)),)), "--tmpfs /x"),
    ],
)
def test_walls_that_cannot_be(asked: Isolation, option: str) -> None:
    with pytest.raises(LaminaError, match=option):
        checks.check_isolation(asked, "none", "")


def test_settings_of_the_hosts_network_are_the_hosts() -> None:
    with pytest.raises(InvalidArgument, match=r"--sysctl net\.ipv4\.ip_forward"):
        checks.check_isolation(Isolation(sysctls={"net.ipv4.ip_forward": "1"}), "host", "")


def test_the_hosts_name_cannot_be_another() -> None:
    with pytest.raises(InvalidArgument, match="--hostname"):
        checks.check_isolation(Isolation(shared=("uts",)), "none", "mine")


def test_a_capability_that_the_engine_lacks_cannot_be_given() -> None:
    lacking = [name for name in CAPABILITIES if name not in capabilities.held()]
    if not lacking:
        pytest.skip("this process holds every capability")
    with pytest.raises(NotSupported, match=f"--cap-add {lacking[0]}"):
        checks.check_isolation(Isolation(cap_add=(lacking[0],)), "none", "")


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        (Resources(memory=MIB), "--memory"),
        (Resources(memory_swap=64 * MIB), "--memory-swap"),
        (Resources(memory=64 * MIB, memory_swap=32 * MIB), "--memory-swap"),
        (Resources(memory=64 * MIB, memory_reservation=65 * MIB), "--memory-reservation"),
        (Resources(nano_cpus=1), "--cpus"),
        (Resources(nano_cpus=10**15), "--cpus"),
        (Resources(cpu_shares=1), "--cpu-shares"),
        (Resources(blkio_weight=5), "--blkio-weight"),
        (Resources(cpuset_cpus="0-"), "--cpuset-cpus"),
        (Resources(cpuset_mems="٣"), "--cpuset-mems"),
    ],
)
def test_limits_that_cannot_be(asked: Resources, option: str) -> None:
    with pytest.raises(InvalidArgument, match=option):
        checks.check_limits(asked)


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        (Names(hosts=(("a b", "1.2.3.4"),)), "--add-host"),
        (Names(hosts=(("a", "1.2.3"),)), "--add-host"),
        (Names(servers=("dns.example",)), "--dns"),
        (Names(search=("a\nnameserver 6.6.6.6",)), "--dns-search"),
    ],
)
def test_names_that_cannot_be(asked: Names, option: str) -> None:
    with pytest.raises(InvalidArgument, match=option):
        checks.check_names(asked)


def test_nothing_stands_against_nothing() -> None:
    checks.check_isolation(Isolation(), "none", "")
    checks.check_limits(Resources())
    checks.check_names(Names(hosts=(("db", "::1"),), servers=("9.9.9.9",), search=(".",)))
