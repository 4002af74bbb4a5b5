"""Which ids a user namespace of an ordinary user has: subuid(5), newuidmap(1), user_namespaces(7)."""

from __future__ import annotations

import os
import shutil
import subprocess

_LARGEST_FILE = 1 << 20  # bytes
_MOST_RANGES = 300  # the kernel takes 340 lines of a map
_PATIENCE = 20.0  # seconds for newuidmap
Range = tuple[int, int]  # the first id, how many


def subordinate_ids(path: str, uid: int, name: str) -> list[Range]:
    """The ranges that a file like /etc/subuid gives a user; none where it says nothing, or cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read(_LARGEST_FILE).splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        owner, _, numbers = line.strip().partition(":")
        first, _, count = numbers.partition(":")
        if owner in (name, str(uid)) and first.isdecimal() and count.isdecimal() and int(count):
            found.append((int(first), int(count)))
    return found[:_MOST_RANGES]


def own_ranges() -> tuple[list[Range], list[Range]]:
    """The subordinate user and group ids of this process's user."""
    uid = os.getuid()
    name = _user_name(uid)
    return subordinate_ids("/etc/subuid", uid, name), subordinate_ids("/etc/subgid", uid, name)


def has_helpers() -> bool:
    """Whether the programs are there that may map subordinate ids."""
    return bool(shutil.which("newuidmap") and shutil.which("newgidmap"))


def map_ids(pid: int) -> None:
    """Give a process's new user namespace its ids: root is this user, the rest subordinate ids.

    Where there are none, or nobody may map them, root is all there is.

    :raises OSError: the kernel refuses that too.
    """
    users, groups = own_ranges()
    if users and groups and has_helpers():
        mapped = _by_helper("newgidmap", pid, os.getgid(), groups)
        if mapped and _by_helper("newuidmap", pid, os.getuid(), users):
            return
    _write(pid, "uid_map", f"0 {os.getuid()} 1\n")
    if not _is_mapped(pid, "gid_map"):
        # Without this right nobody may leave a group that keeps him from something (CVE-2014-8989).
        _write(pid, "setgroups", "deny")
        _write(pid, "gid_map", f"0 {os.getgid()} 1\n")


def mapped_ids(path: str = "/proc/self/uid_map") -> int:
    """How many ids this process's user namespace has."""
    with open(path, encoding="ascii") as file:
        return sum(int(line.split()[2]) for line in file)


def _by_helper(program: str, pid: int, own: int, ranges: list[Range]) -> bool:
    words, inside = [program, str(pid), "0", str(own), "1"], 1
    for first, count in ranges:
        words += [str(inside), str(first), str(count)]
        inside += count
    try:
        done = subprocess.run(words, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _is_mapped(pid: int, name: str) -> bool:
    with open(f"/proc/{pid}/{name}", encoding="ascii") as file:
        return bool(file.read().strip())


def _write(pid: int, name: str, text: str) -> None:
    file = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode("ascii"))
    finally:
        os.close(file)


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)  # the files may name users by number
