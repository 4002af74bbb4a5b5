"""What -v, --mount and --volumes-from say about the mounts of a container.

Sources: docker/cli opts/mount.go, moby volume/mounts/linux_parser.go.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from engine.cli.quantities import number_of, size_of
from engine.containers.models import BindMount, Tmpfs, VolumeMount
from engine.errors import InvalidArgument, NotSupported

_PROPAGATIONS = ("private", "rprivate", "slave", "rslave", "shared", "rshared")
_NAMES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
_FLAGS = ("readonly", "volume-nocopy", "bind-nonrecursive")
_KEYS = {
    "bind": ("bind-propagation", "bind-recursive", "bind-nonrecursive"),
    "volume": ("volume-nocopy", "volume-subpath", "volume-driver", "volume-label"),
    "tmpfs": ("tmpfs-size", "tmpfs-mode"),
}


@dataclass(slots=True)
class Mounts:
    """Mounts of three kinds, each in the order they were given."""

    binds: list[BindMount] = field(default_factory=list)
    volumes: list[VolumeMount] = field(default_factory=list)
    memory: list[Tmpfs] = field(default_factory=list)


def take_mounts(options: dict[str, Any]) -> Mounts:
    """Take -v, --mount and --volume-driver out of all options that were given.

    :raises InvalidArgument: one cannot be meant; names it. :raises NotSupported: a volume of another driver.
    """
    check_driver("--volume-driver", options.pop("volume_driver"))
    found = Mounts()
    for text in options.pop("volumes"):
        _take_short(found, text)
    for text in options.pop("mount"):
        _take_long(found, text)
    return found


def check_driver(option: str, name: str) -> None:
    """:raises NotSupported: a driver of volumes other than local."""
    if name not in ("", "local"):
        raise NotSupported(
            f"{option} {name}: there are no plugins here, only local volumes",
            hint="mount it on the host, and show it with -v /its/path:/inside",
        )


def _take_short(found: Mounts, text: str) -> None:
    """One -v: INSIDE, NAME:INSIDE[:OPTIONS] or HOST:INSIDE[:OPTIONS]."""
    parts = text.split(":")
    if len(parts) == 1:
        parts = ["", text]
    if len(parts) > 3 or not parts[1] or (text.startswith(":")):
        raise InvalidArgument(
            f"-v {text!r} is not HOST:INSIDE[:ro]", hint="for example -v /srv/data:/data:ro"
        )
    source, target = parts[0], parts[1]
    if not target.startswith("/"):
        raise InvalidArgument(f"-v {text!r}: the path inside must begin with /")
    read_only, no_copy, propagation = _modes(text, parts[2] if len(parts) == 3 else "")
    if "/" in source or source in (".", "..") or source.startswith("~"):
        if no_copy:
            raise InvalidArgument(f"-v {text!r}: nocopy is for volumes, and {source} is the host's")
        path = _host_path(f"-v {text!r}", source)
        found.binds.append(BindMount(path, target, read_only, propagation or "rprivate", make=True))
        return
    if propagation:
        raise InvalidArgument(f"-v {text!r}: {propagation} is for directories of the host, not for volumes")
    found.volumes.append(VolumeMount(source, target, read_only, no_copy))


def _modes(text: str, words: str) -> tuple[bool, bool, str]:
    """Whether it is read-only, whether nothing is copied, and the propagation, from -v's last part."""
    given = words.split(",") if words else []
    kinds = (("ro", "rw"), ("nocopy",), _PROPAGATIONS, ("z", "Z"), ("consistent", "cached", "delegated"))
    for kind in kinds:
        if len([word for word in given if word in kind]) > 1:
            raise InvalidArgument(f"-v {text!r}: {' and '.join(kind)} exclude each other")
    known = {word for kind in kinds for word in kind}
    for word in given:
        if word not in known:
            raise InvalidArgument(
                f"-v {text!r} is not HOST:INSIDE[:ro]: there is no option {word!r}",
                hint="ro, rw, z, Z, nocopy, or [r]private, [r]slave, [r]shared",
            )
    propagation = next((word for word in given if word in _PROPAGATIONS), "")
    return "ro" in given, "nocopy" in given, propagation


def _host_path(option: str, source: str) -> str:
    if source in (".", "..") or source.startswith(("./", "../")):
        return os.path.abspath(source)
    if source.startswith("~"):
        raise InvalidArgument(
            f"{option}: ~ is a word of the shell, which knows it at the beginning of a word alone",
            hint=f'write "$HOME{source[1:]}"' if source[1:2] in ("", "/") else "write the whole path",
        )
    if not source.startswith("/"):
        raise InvalidArgument(
            f"{option}: {source!r} is neither a whole path nor a volume's name",
            hint=f"for a directory beside you say ./{source}",
        )
    return source


def _take_long(found: Mounts, text: str) -> None:
    """One --mount: KEY=VALUE,…"""
    fields = _fields(text)
    kind, target = fields.pop("type", "volume"), fields.pop("target", "")
    if kind not in _KEYS:
        raise InvalidArgument(f"--mount type={kind} is not supported", hint=f"there are {', '.join(_KEYS)}")
    if not target.startswith("/"):
        raise InvalidArgument(f"--mount {text!r} has no target=/path")
    source, read_only = fields.pop("source", ""), _flag(text, fields, "readonly")
    fields.pop("consistency", "")
    wrong = [name for name in fields if name not in _KEYS[kind]]
    if wrong:
        raise InvalidArgument(f"--mount {text!r}: type={kind} takes no {', '.join(sorted(wrong))}")
    if kind == "bind":
        found.binds.append(_long_bind(text, source, target, read_only, fields))
    elif kind == "volume":
        check_driver(f"--mount {text!r}: volume-driver", fields.pop("volume-driver", ""))
        no_copy, subpath = _flag(text, fields, "volume-nocopy"), fields.pop("volume-subpath", "")
        labels = dict(_label(line) for line in fields.get("volume-label", "").splitlines())
        found.volumes.append(VolumeMount(source, target, read_only, no_copy, subpath, labels))
    elif source:
        raise InvalidArgument(f"--mount {text!r}: type=tmpfs has no source")
    else:
        words = [
            f"{name}={fields[f'tmpfs-{name}']}" for name in ("size", "mode") if f"tmpfs-{name}" in fields
        ]
        found.memory.append(memory_mount("--mount tmpfs", target, [*words, *(["ro"] if read_only else [])]))


def _long_bind(text: str, source: str, target: str, read_only: bool, fields: dict[str, str]) -> BindMount:
    if not source:
        raise InvalidArgument(f"--mount {text!r} has no source=/path")
    recursive = fields.get("bind-recursive", "enabled")
    if _flag(text, fields, "bind-nonrecursive"):
        recursive = "disabled"
    return BindMount(
        _host_path(f"--mount {text!r}", source), target, read_only,
        fields.get("bind-propagation", "rprivate"), recursive,
    )  # fmt: skip


def _fields(text: str) -> dict[str, str]:
    import csv

    fields: dict[str, str] = {}
    try:
        words = next(csv.reader([text], strict=True), [])  # with Docker's quoting of what has commas
    except csv.Error as error:
        raise InvalidArgument(f"--mount {text!r}: {error}") from error
    for word in words:
        name, equals, value = word.partition("=")
        name = _NAMES.get(name.lower(), name.lower())
        if not name or (not equals and name not in _FLAGS):
            raise InvalidArgument(f"--mount {text!r}: {word!r} is not KEY=VALUE")
        if name == "volume-label" and name in fields:
            fields[name] += f"\n{value}"
        elif name in fields:
            raise InvalidArgument(f"--mount {text!r} says {name} twice")
        else:
            fields[name] = value
    return fields


def _flag(text: str, fields: dict[str, str], name: str) -> bool:
    value = fields.pop(name, "false")
    if value not in ("", "true", "1", "false", "0"):
        raise InvalidArgument(f"--mount {text!r}: {name}={value} is neither true nor false")
    return value in ("", "true", "1")


def _label(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def tmpfs_option(text: str) -> Tmpfs:
    """One --tmpfs: DIR[:OPTIONS]."""
    target, _, words = text.partition(":")
    return memory_mount("--tmpfs", target, [word for word in words.split(",") if word])


def _memory_size(option: str, text: str) -> int:
    """Bytes of `64m`, or of `50%` of the machine's memory, as tmpfs(5) has it."""
    if not text.endswith("%"):
        return size_of(option, text)
    percent = number_of(option, text[:-1])
    if not 1 <= percent <= 100:
        raise InvalidArgument(f"{option} {text!r} is not between 1% and 100%")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * percent // 100


def memory_mount(option: str, target: str, words: list[str]) -> Tmpfs:
    """A file system in memory, from options of mount(8)."""
    fields: dict[str, Any] = {}
    flags = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            flags.append(word)
        elif name == "size":
            fields["size"] = _memory_size(f"{option} size", value)
        elif name in ("mode", "uid", "gid"):
            fields[name] = number_of(f"{option} {name}", value, 8 if name == "mode" else 10)
        else:
            raise InvalidArgument(f"{option} {target}: the option {word!r} is not supported")
    return Tmpfs(target, flags=tuple(flags), **fields)
