"""Changes to an image's config in the words of a Dockerfile, as commit and import take them.

Source: docs.docker.com, reference/dockerfile, and reference/cli/docker/container/commit.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Callable
from typing import Any

from engine.errors import InvalidArgument, NotSupported
from engine.oci.quote import quoted

Config = dict[str, Any]
_PORT = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?", re.ASCII)
_SHELL = ["/bin/sh", "-c"]


def apply_changes(config: Config, changes: tuple[str, ...]) -> Config:
    """The run config (`config` of an image config) with changes made to it, in their order.

    :raises InvalidArgument: one is no instruction, or cannot be meant; names it.
    :raises NotSupported: Dockerfiles know the instruction, this does not.
    """
    changed = {**config}
    words = [change.strip().partition(" ")[0].upper() for change in changes]
    if "ENTRYPOINT" in words:
        # What was meant for another entrypoint is no argument of this one; what is said beside it is.
        changed.pop("Cmd", None)
    for change in changes:
        word, _, rest = change.strip().partition(" ")
        instruction = _INSTRUCTIONS.get(word.upper())
        if word.upper() in ("HEALTHCHECK", "ONBUILD"):
            raise NotSupported(f"--change {word.upper()} is not supported", hint=_HINT)
        if instruction is None or not rest.strip() or "\0" in change:
            raise InvalidArgument(f"--change {quoted(change)} is not supported", hint=_HINT)
        instruction(changed, rest.strip())
    return changed


def _command(key: str) -> Callable[[Config, str], None]:
    def change(config: Config, rest: str) -> None:
        listed = _list(rest)
        config[key] = [*_SHELL, rest] if listed is None else listed

    return change


def _list(rest: str) -> list[str] | None:
    """A JSON list of strings; None where it is none, for then it is a shell's."""
    if not rest.startswith("["):
        return None
    try:
        found = json.loads(rest)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(each, str) for each in found) else None


def _pairs(word: str, rest: str) -> list[tuple[str, str]]:
    """`NAME=VALUE …`, or the old `NAME VALUE`."""
    words = _words(word, rest)
    if "=" not in words[0]:
        name, _, value = rest.partition(" ")
        words = [f"{name}={value.strip()}"] if value.strip() else [""]
    pairs = [
        (name, value) for name, equals, value in (each.partition("=") for each in words) if name and equals
    ]
    if len(pairs) != len(words):
        raise InvalidArgument(f"--change {word} {quoted(rest)} is not NAME=VALUE", hint=_HINT)
    return pairs


def _words(word: str, rest: str) -> list[str]:
    try:
        found = shlex.split(rest)
    except ValueError as error:
        raise InvalidArgument(f"--change {word} {quoted(rest)}: {error}") from error
    return found or [""]


def _env(config: Config, rest: str) -> None:
    values = dict(item.partition("=")[::2] for item in config.get("Env") or [])
    values.update(_pairs("ENV", rest))
    config["Env"] = [f"{name}={value}" for name, value in values.items()]


def _label(config: Config, rest: str) -> None:
    config["Labels"] = {**(config.get("Labels") or {}), **dict(_pairs("LABEL", rest))}


def _expose(config: Config, rest: str) -> None:
    ports = dict(config.get("ExposedPorts") or {})
    for port in rest.split():
        if not _PORT.fullmatch(port.lower()):
            raise InvalidArgument(f"--change EXPOSE {quoted(port)} is no port such as 80/tcp")
        ports[port.lower() if "/" in port else f"{port}/tcp"] = {}
    config["ExposedPorts"] = ports


def _volume(config: Config, rest: str) -> None:
    volumes = dict(config.get("Volumes") or {})
    for path in _list(rest) or _words("VOLUME", rest):
        if not path:
            raise InvalidArgument("--change VOLUME wants a path")
        volumes[path] = {}
    config["Volumes"] = volumes


def _user(config: Config, rest: str) -> None:
    config["User"] = _single("USER", rest)


def _workdir(config: Config, rest: str) -> None:
    path = posixpath.join(config.get("WorkingDir") or "/", _single("WORKDIR", rest))
    config["WorkingDir"] = posixpath.normpath(posixpath.join("/", path))


def _stop_signal(config: Config, rest: str) -> None:
    config["StopSignal"] = _single("STOPSIGNAL", rest)


def _single(word: str, rest: str) -> str:
    words = _words(word, rest)
    if len(words) != 1 or not words[0]:
        raise InvalidArgument(f"--change {word} {quoted(rest)}: one word is wanted")
    return words[0]


_INSTRUCTIONS: dict[str, Callable[[Config, str], None]] = {
    "CMD": _command("Cmd"),
    "ENTRYPOINT": _command("Entrypoint"),
    "ENV": _env,
    "EXPOSE": _expose,
    "LABEL": _label,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
_HINT = f"there are {', '.join(_INSTRUCTIONS)}"
