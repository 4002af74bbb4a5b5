"""The screen's part of the settings file, `[screen]`; what is wrong there is named with its line.

[screen]
theme = "paper"
keys = "k9s"              # or "lamina", "lazydocker"
plain = false             # ASCII borders and marks
read-only = false
[screen.bindings]         # verb = keys, as `lamina` names verbs in its help
remove = "ctrl+d"
[screen.commands]         # what the palette offers besides; see `tui.own`
"size of it" = "lamina inspect {name}"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.settings import settings_file
from tui.actions import ACTIONS
from tui.keys import LISTS, PRESETS

Fault = Callable[[str, str], None]
_KEYS = ("theme", "keys", "plain", "read-only", "bindings", "commands")
_KEY = re.compile(r"(?:(?:ctrl|shift|alt)\+)*(?:[a-z_]+[0-9]*|[A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class ScreenConfig:
    """How the screen shall be.

    :param theme: "" for the one that stood last.
    :param keys: name of a preset; :param bindings: verbs to keys, over the preset.
    :param commands: of one's own: name to template.
    :param problems: one sentence for each thing in the file that was passed over.
    """

    theme: str = ""
    keys: str = "lamina"
    plain: bool = False
    read_only: bool = False
    bindings: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_config(values: Mapping[str, object], text: str = "") -> ScreenConfig:
    """The table `screen` of the settings; what cannot be used is left at its default and named.

    :param text: of the file, to say on which line a fault stands.
    """
    problems: list[str] = []

    def fault(key: str, what: str) -> None:
        problems.append(f"settings{_line_of(text, key)}: {what}")

    for key in values:
        if key not in _KEYS:
            fault(key, f"[screen] has no key {key!r:.60}; there are: {', '.join(_KEYS)}")
    theme, preset = values.get("theme", ""), values.get("keys", "lamina")
    if not isinstance(theme, str):
        fault("theme", "theme must be the name of one")
    if preset not in PRESETS:
        fault("keys", f"keys must be one of {', '.join(PRESETS)}")
    flags = {}
    for key in ("plain", "read-only"):
        flags[key] = values.get(key, False)
        if not isinstance(flags[key], bool):
            fault(key, f"{key} must be true or false")
    return ScreenConfig(
        theme=theme if isinstance(theme, str) else "",
        keys=preset if isinstance(preset, str) and preset in PRESETS else "lamina",
        plain=flags["plain"] is True,
        read_only=flags["read-only"] is True,
        bindings=_bindings(values.get("bindings", {}), fault),
        commands=_commands(values.get("commands", {}), fault),
        problems=tuple(problems),
    )


def _bindings(values: object, fault: Fault) -> dict[str, str]:
    if not isinstance(values, dict):
        fault("bindings", "bindings must be a table: verb = keys")
        return {}
    verbs = {item.id for item in ACTIONS} | set(LISTS)
    found = {}
    for verb, keys in values.items():
        if verb not in verbs:
            fault(str(verb), f"there is no verb {verb!r:.60}")
        elif not isinstance(keys, str) or not all(_KEY.fullmatch(key.strip()) for key in keys.split(",")):
            fault(str(verb), f'the keys of {verb} must be like "d" or "ctrl+d,delete"')
        else:
            found[verb] = keys
    return found


def _commands(values: object, fault: Fault) -> dict[str, str]:
    if not isinstance(values, dict):
        fault("commands", "commands must be a table: name = template")
        return {}
    if not values:
        return {}
    from engine.errors import InvalidArgument
    from tui.own import parse

    found = {}
    for name, template in values.items():
        try:
            parse(template if isinstance(template, str) else "")
        except InvalidArgument as error:
            fault(str(name), f"the command {name!r:.60} cannot be used: {error.message}")
        else:
            found[str(name)] = str(template)
    return found


def _line_of(text: str, key: str) -> str:
    pattern = re.compile(rf'\s*["\']?{re.escape(key)}["\']?\s*=|\s*\[screen\.{re.escape(key)}\]')
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            return f", line {number}"
    return ""


def settings_text() -> str:
    """The settings file as it is written, to say on which line a fault stands."""
    try:
        return settings_file().read_text("utf-8")
    except (OSError, ValueError):
        return ""
