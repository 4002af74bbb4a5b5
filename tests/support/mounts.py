"""The mount table of this process, to be compared before, during and after."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Other engines on the machine mount as they like, and tests of cgroups move hierarchies meanwhile.
FOREIGN = (
    "/sys/fs/cgroup",
    "/run/docker",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/run/containers",
    "/var/tmp/peers",
    "/var/tmp/lamina-bench-",
)


def mount_table(pid: int | str = "self") -> tuple[str, ...]:
    """The lines of /proc/PID/mountinfo, see proc(5), in their order, without those of other engines."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    return tuple(line for line in lines if not any(place in line for place in FOREIGN))


def mount_changes(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """What the second table has more (`+`) or less (`-`) than the first."""
    gone = [f"- {line}" for line in before if line not in after]
    return gone + [f"+ {line}" for line in after if line not in before]


def mount_points_under(directory: Path) -> list[str]:
    """Mount points at or below a directory, innermost first."""
    points = [line.split(" ")[4] for line in mount_table()]
    return [point for point in reversed(points) if Path(point).is_relative_to(directory)]


def unmount_under(directory: Path) -> None:
    """Detach all that is mounted at or below a directory."""
    for point in mount_points_under(directory):
        subprocess.run(["umount", "--lazy", point], check=True, timeout=30)
