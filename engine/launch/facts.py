"""What a process is at a moment of a start, in words: shown between steps to those who stop there."""

from __future__ import annotations

import os

_NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user")
_STATUS = {
    "Uid": "user ids",
    "Gid": "group ids",
    "Groups": "groups",
    "CapEff": "capabilities",
    "CapBnd": "limit of capabilities",
    "NoNewPrivs": "no new privileges",
    "Seccomp": "filter of system calls",
}


def facts() -> dict[str, str]:
    """By name; what cannot be seen from where it stands is left out."""
    found = {"host name": os.uname().nodename}
    for name in _NAMESPACES:
        try:
            found[f"{name} namespace"] = os.readlink(f"/proc/self/ns/{name}")
        except OSError:
            continue
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            found["mounts"] = str(len(file.readlines()))
        with open("/proc/self/status") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key in _STATUS:
                    found[_STATUS[key]] = " ".join(value.split())
        with open("/proc/self/cgroup") as lines:
            found["control groups"] = " ".join(sorted({line.rstrip("\n").split(":", 2)[2] for line in lines}))
        found["names in the root"] = " ".join(sorted(os.listdir("/"))[:40])
    except OSError:
        pass  # between two roots there is no /proc for a moment
    return found
