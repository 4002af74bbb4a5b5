"""Keys of verbs: presets for hands that know other programs, and how keys are written."""

from __future__ import annotations

from collections.abc import Mapping

from tui.actions import ACTIONS

LISTS: Mapping[str, str] = {
    "list.down": "j,down",
    "list.up": "k,up",
    "list.page_down": "pagedown,ctrl+d",
    "list.page_up": "pageup,ctrl+u",
    "list.top": "g,home",
    "list.end": "G,end",
}
"""Keys of every list."""

PRESETS: Mapping[str, Mapping[str, str]] = {
    "lamina": {},
    "lazydocker": {
        "palette": "x,ctrl+p,colon",
        "extract": "X",
        "copy_out": "X",
        "logs": "m",
        "look_stats": "M",
        "log_zoom": "Z,plus",
        "prune": "D",
        "filter": "slash",
        "tab(1)": "right_square_bracket,right",
        "tab(-1)": "left_square_bracket,left",
    },
    "k9s": {
        "remove": "ctrl+d",
        "kill": "ctrl+k",
        "stop": "ctrl+x",
        "panel(4)": "4,d",
        "difference": "D",
        "palette": "colon,ctrl+p",
        "list.page_down": "pagedown,ctrl+f",
        "list.page_up": "pageup,ctrl+b",
        "shell": "s",
        "log_find": "ctrl+g",
        "log_zoom": "f,Z",
        "log_follow": "A",
        "log_wrap": "w",
        "look_processes": "H",
        "log_times": "t",
        "tag": "ctrl+t",
        "log_mark": "m",
        "look_stats": "M",
        "log_save": "ctrl+s",
    },
}

_WRITTEN = {
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "space": "Space",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "comma": ",",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def keymap(preset: str, own: Mapping[str, str]) -> dict[str, str]:
    """Keys by verb, where they differ from those of the registry; one's own go over the preset's."""
    return {**PRESETS[preset], **own}


def written(keys: str) -> str:
    """The first of these keys as people write it: `^D`, `Enter`, `/`; "" for none."""
    first = keys.split(",", maxsplit=1)[0].strip()
    *held, key = first.split("+") if first != "+" else ["+"]
    shown = _WRITTEN.get(key, key)
    if "ctrl" in held:
        return "^" + shown.upper()
    return "+".join([*(word.capitalize() for word in held), shown])


def shown_keys(changed: Mapping[str, str]) -> dict[str, str]:
    """How the keys that were changed are written, by verb."""
    return {verb: written(keys) for verb, keys in changed.items()}


def clashes(changed: Mapping[str, str]) -> list[str]:
    """A sentence for each key that two verbs of one screen want."""
    found = []
    for screen in {screen for item in ACTIONS for screen in item.screens}:
        taken: dict[str, str] = {}
        here = [(item.id, item.keys) for item in ACTIONS if screen in item.screens]
        for verb, keys in [*here, *LISTS.items()]:
            for key in filter(None, map(str.strip, changed.get(verb, keys).split(","))):
                other = taken.setdefault(key, verb)
                if other != verb:
                    found.append(f"the key {written(key)} is wanted by {other} and by {verb}")
    return sorted(set(found))
