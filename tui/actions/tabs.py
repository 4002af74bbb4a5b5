"""Verbs that open a tab of the inspector on a container."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from tui.actions.model import Action, Context


def _container(ctx: Context) -> bool:
    return ctx.container is not None


def _on_it(verb: str) -> Callable[[Context], str]:
    return lambda ctx: f"lamina {verb}{shlex.quote(ctx.container.name)}" if ctx.container else ""


_TABS = {
    "Stats": ("m", "plots of what it uses, and of what it waits for", "stats "),
    "Processes": ("w", "what runs in it, by numbers on the host and inside", "top "),
    "Config": ("i", "how it was made: program, limits, rights, environment", "inspect "),
    "Mounts": ("", "what of the host it sees, and whether it may write there", "inspect "),
    "Network": ("", "the way its packets take to the outside, and what stops them", "inspect "),
    "Overlay": ("O", "what it writes, as it happens, and what that costs", "overlay "),
    "Namespaces": ("", "what the kernel shows it beside what it shows the host", "namespaces "),
    "Steps": ("", "what was done to start it, with the commands that would do the same", "steps "),
    "Health": ("", "how it is asked whether it works, and its last answers", "inspect "),
    "Events": ("", "what happened to it", "events --filter container="),
}

TAB_OF = {f"look_{tab.lower()}": tab for tab in _TABS}
"""The tab that each of these verbs opens."""

ON_TABS: tuple[Action, ...] = tuple(
    Action(f"look_{tab.lower()}", key, key, tab.lower(), about, "containers", (), _container, _on_it(verb))
    for tab, (key, about, verb) in _TABS.items()
)
