"""Who the program runs as: USER resolved in the image's own passwd and group."""

from __future__ import annotations

import os
import stat

from .mounts import open_inside

_LARGEST_ID = 2**31 - 1
_LARGEST_FILE = 8 << 20  # bytes of passwd or group that are read; the rest is not looked at


class UnknownUser(Exception):
    """USER names somebody whom the image does not know."""


class Identity:
    """Ids to run with, and the home directory that passwd names (or "/")."""

    def __init__(self, uid: int, gid: int, groups: list[int], home: str) -> None:
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.home = home


def resolve(root: int, user: str, more_groups: list[str] | None = None) -> Identity:
    """Docker's USER, `name|uid[:group|gid]`, as the image's files say.

    ASCII digits are an id, never a name. Without a group the user's primary group counts, and the
    groups that list the user; with one, that group alone.

    :param root: descriptor of the container's root.
    :param more_groups: names or numbers of further groups.
    :raises UnknownUser: says what is wrong with which part.
    """
    wanted, colon, wanted_group = user.partition(":")
    uid, name, gid, home = _user(_records(root, "etc/passwd"), wanted)
    groups = [_group(root, group) for group in more_groups or []]
    if colon and wanted_group:
        gid = _group(root, wanted_group)
    elif name:
        for fields in _records(root, "etc/group"):
            number = _id(fields[2]) if len(fields) > 3 else None
            if number is not None and name in fields[3].split(","):
                groups.append(number)
    return Identity(uid, gid, sorted({gid, *groups}), home)


def _user(records: list[list[str]], wanted: str) -> tuple[int, str, int, str]:
    number = _id(wanted) if wanted else 0
    if number is None and _digits(wanted):
        raise UnknownUser(f"user id {wanted} is not within 0 and {_LARGEST_ID}")
    for fields in records:
        if len(fields) < 6 or (uid := _id(fields[2])) is None or (gid := _id(fields[3])) is None:
            continue
        if uid == number if number is not None else fields[0] == wanted:
            return uid, fields[0], gid, fields[5] or "/"
    if number is None:
        raise UnknownUser(f"the image has no user {wanted!r} in /etc/passwd")
    return number, "", 0, "/"


def _group(root: int, wanted: str) -> int:
    number = _id(wanted)
    if number is not None:
        return number
    if _digits(wanted):
        raise UnknownUser(f"group id {wanted} is not within 0 and {_LARGEST_ID}")
    for fields in _records(root, "etc/group"):
        if len(fields) > 2 and fields[0] == wanted and (gid := _id(fields[2])) is not None:
            return gid
    raise UnknownUser(f"the image has no group {wanted!r} in /etc/group")


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _id(text: str) -> int | None:
    # int() alone would take other scripts' digits, "1_000" and " 7 ", and any number of them.
    if not _digits(text) or len(text) > 10:
        return None
    number = int(text)
    return number if number <= _LARGEST_ID else None


def _records(root: int, path: str) -> list[list[str]]:
    """Lines of a colon-separated file of the image; none where there is no such regular file."""
    try:
        # O_NONBLOCK: a FIFO in this place must not hold the start up.
        fd = open_inside(root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return []
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return []
        text = file.read(_LARGEST_FILE).decode("utf-8", "surrogateescape")
    return [line.split(":") for line in text.split("\n") if line and not line.startswith("#")]
