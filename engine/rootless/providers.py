"""The programs that lead an ordinary user's network namespace outside: slirp4netns(1) and pasta(1).

Both make the namespace's connections anew as the user's own, on the host, and carry the bytes through a tap
device. Neither is told to let a container reach what listens on the host's loopback alone.
"""

from __future__ import annotations

import os

INTERFACE = "tap0"
NAME_SERVER = "10.0.2.3"  # which the program answers for, by the host's servers, also those of its loopback
OUTWARDS = 0x6C61  # a mark: led to the container that publishes the port it is for
BACK = 0x6C62  # and one of the answers
ADD = "sudo apt install slirp4netns"
_MTU = 65520
_TUN = "/dev/net/tun"
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_NAMES = ("slirp4netns", "pasta")


def provider() -> str:
    """The path of the program that is used, "" where none is installed; `LAMINA_UPLINK` chooses one."""
    import shutil  # with all that it loads; most starts find the program running

    chosen = os.environ.get("LAMINA_UPLINK", "")
    path = os.environ.get("PATH") or _PATH
    names = (chosen,) if chosen in _NAMES else _NAMES
    return next((found for name in names if (found := shutil.which(name, path=path))), "")


def obstacle() -> str:
    """Why an ordinary user's containers can have no networks here; "" where they can."""
    if not provider():
        return "neither slirp4netns nor pasta is installed"
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return f"{_TUN} is not there, or not for everybody"
    return ""


def words(program: str, namespace: str) -> list[str]:
    """The command that leads a network namespace outside, and stays. :param namespace: its path."""
    if os.path.basename(program).startswith("pasta"):
        return [
            program, "--foreground", "--quiet", "--config-net", "--ns-ifname", INTERFACE, "--no-map-gw",
            "--dns-forward", NAME_SERVER, "--runas", "0", "--tcp-ports", "none", "--udp-ports", "none",
            "--tcp-ns", "none", "--udp-ns", "none", "--netns-only", "--netns", namespace,
        ]  # fmt: skip
    return [
        program, "--configure", f"--mtu={_MTU}", "--disable-host-loopback", "--enable-ipv6",
        "--netns-type=path", namespace, INTERFACE,
    ]  # fmt: skip
