"""The programs that lead an ordinary user's network namespace outside: slirp4netns(1) and pasta(1).

Both make the namespace's connections anew as the user's own, on the host, and carry the bytes through a tap
device. Neither is told to let a container reach what listens on the host's loopback alone. As they read what
containers send, both shut themselves in: no files of the user's, and few system calls.
"""

from __future__ import annotations

import os

INTERFACE = "tap0"
_ADDRESS, _GATEWAY = (
    "10.0.2.100",
    "10.0.2.2",
)  # slirp4netns's own; pasta would take the host's address from it
NAME_SERVER = "10.0.2.3"  # which the program answers for, by the host's servers, also those of its loopback
OUTWARDS = 0x6C61  # a mark: led to the container that publishes the port it is for
BACK = 0x6C62  # and one of the answers
ADD = "sudo apt install slirp4netns"
ADD_OTHER = {"slirp4netns": "sudo apt install passt", "pasta": ADD}  # where the one does not work
LOCK = "uplink.lock"  # in the session's directory
NOTE = "uplink.program"  # and which program runs
_MTU = 65520
_TUN = "/dev/net/tun"
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_NAMES = ("slirp4netns", "pasta")


def programs() -> list[str]:
    """The paths of those that are installed, in the order in which they are tried.

    `LAMINA_UPLINK` names one that is to be used alone.
    """
    import shutil  # with all that it loads; most starts find the program running

    chosen = os.environ.get("LAMINA_UPLINK", "")
    path = os.environ.get("PATH") or _PATH
    names = (chosen,) if chosen in _NAMES else _NAMES
    return [found for name in names if (found := shutil.which(name, path=path))]


def obstacle() -> tuple[str, str]:
    """Why an ordinary user's containers can have no networks, and what would change it.

    Both are "" where nothing stands in the way that is seen without trying.
    """
    if not programs():
        return f"neither {_NAMES[0]} nor {_NAMES[1]} is installed", ADD
    if not os.path.exists(_TUN):
        return f"the kernel has no {_TUN}", "sudo modprobe tun"
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return f"{_TUN} is not for everybody", f"sudo chmod 666 {_TUN}"
    return "", ""


def words(program: str, namespace: str) -> list[str]:
    """The command that leads a network namespace outside, and stays. :param namespace: its path."""
    if os.path.basename(program).startswith("pasta"):
        return [
            program, "--foreground", "--quiet", "--config-net", "--ns-ifname", INTERFACE,
            "--address", _ADDRESS, "--netmask", "24", "--gateway", _GATEWAY, "--no-map-gw",
            "--dns-forward", NAME_SERVER, "--runas", "0", "--tcp-ports", "none", "--udp-ports", "none",
            "--tcp-ns", "none", "--udp-ns", "none", "--netns-only", "--netns", namespace,
        ]  # fmt: skip
    return [
        program, "--configure", f"--mtu={_MTU}", "--disable-host-loopback", "--enable-ipv6",
        "--enable-sandbox", "--enable-seccomp", "--netns-type=path", namespace, INTERFACE,
    ]  # fmt: skip
