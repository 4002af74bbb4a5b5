"""Themes: one TOML file each, validated when loaded; a broken one is reported and skipped.

A file names its kind, three surfaces, six roles and sixteen layer slots:

    name = "lamina-dark"
    kind = "dark"                      # or "light"
    [surfaces]                         # background, panel, cursor (the row under the cursor)
    [roles]                            # text, muted, accent, good, warn, bad
    slots = ["#5f87d7", …]             # sixteen, neighbours told apart
    few-colours = true                 # optional: slots come round again
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SLOTS = 16
ROLES = ("text", "muted", "accent", "good", "warn", "bad")
SURFACES = ("background", "panel", "cursor")
DEFAULT = "lamina-dark"
_LARGEST = 64 * 1024  # bytes of a theme file
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class BadTheme(ValueError):
    """A theme file that cannot be used; the text names the file and the key."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of the screen, each `#rrggbb`.

    :param roles: keys of `ROLES`; :param surfaces: keys of `SURFACES`; :param slots: sixteen layer colours.
    :param few_colours: there are not sixteen to be had: slots come round again, neighbours still differ.
    """

    name: str
    kind: Literal["dark", "light"]
    surfaces: dict[str, str]
    roles: dict[str, str]
    slots: tuple[str, ...]
    few_colours: bool = False

    def colour(self, ink: str) -> str:
        """The colour of an ink: a role, a surface, `frame`, or `slot0` to `slot15`."""
        if ink.startswith("slot"):
            return self.slots[int(ink[4:]) % SLOTS]
        if ink == "frame":
            return blend(self.roles["muted"], self.surfaces["panel"], 0.45)
        return self.roles.get(ink) or self.surfaces[ink]


@dataclass(frozen=True, slots=True)
class Themes:
    """What was found: usable themes by name, and one sentence for each that was skipped."""

    found: dict[str, Theme] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def blend(one: str, other: str, share: float) -> str:
    """`one` with `share` of it replaced by `other`."""
    mixed = (
        round(int(one[i : i + 2], 16) * (1 - share) + int(other[i : i + 2], 16) * share) for i in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def shipped_directory() -> Path:
    """Where the themes that come with the program lie: in the wheel, or at the root of a checkout."""
    here = Path(__file__).parent
    inside = here / "themes"
    return inside if inside.is_dir() else here.parent / "themes"


def user_directory() -> Path:
    """Where people put themes of their own; it need not exist."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "lamina" / "themes"


def load_themes() -> Themes:
    """Shipped themes, then the user's, which may replace shipped ones by name."""
    found: dict[str, Theme] = {}
    skipped: list[str] = []
    for path in (*_files(shipped_directory()), *_files(user_directory())):
        try:
            theme = load_theme(path)
        except BadTheme as error:
            skipped.append(str(error))
        else:
            found[theme.name] = theme
    return Themes(found, tuple(skipped))


def _files(directory: Path) -> Iterator[Path]:
    try:
        yield from sorted(directory.glob("*.toml"))
    except OSError:
        return


def load_theme(path: Path) -> Theme:
    """One theme file.

    :raises BadTheme: it cannot be read or says something that is no theme.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise BadTheme(f"theme {path.name}: larger than {_LARGEST} bytes")
        values = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise BadTheme(f"theme {path.name}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadTheme):
            raise
        raise BadTheme(f"theme {path.name}: not valid TOML: {error}") from error
    return _parse(path.name, values)


def _parse(file: str, values: dict[str, object]) -> Theme:
    name, kind, slots = values.get("name"), values.get("kind"), values.get("slots")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadTheme(f"theme {file}: name must be lower-case letters, digits and dashes")
    if kind not in ("dark", "light"):
        raise BadTheme(f'theme {file}: kind must be "dark" or "light"')
    if not isinstance(slots, list) or len(slots) != SLOTS:
        raise BadTheme(f"theme {file}: slots must be a list of {SLOTS} colours")
    few = values.get("few-colours", False)
    if not isinstance(few, bool):
        raise BadTheme(f"theme {file}: few-colours must be true or false")
    return Theme(
        name=name,
        few_colours=few,
        kind="dark" if kind == "dark" else "light",
        surfaces=_colours(file, "surfaces", values.get("surfaces"), SURFACES),
        roles=_colours(file, "roles", values.get("roles"), ROLES),
        slots=tuple(_colour(file, f"slots[{index}]", value) for index, value in enumerate(slots)),
    )


def _colours(file: str, section: str, values: object, keys: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(values, dict):
        raise BadTheme(f"theme {file}: section [{section}] is missing")
    for key in values:
        if key not in keys:
            raise BadTheme(f"theme {file}: [{section}] has no key {key!r:.60}")
    return {key: _colour(file, f"{section}.{key}", values.get(key)) for key in keys}


def _colour(file: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise BadTheme(f"theme {file}: {key} must be a colour like #1e2a3b")
    return value.lower()
