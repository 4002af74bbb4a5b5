"""The first line: which host, how the engine works here, what the store weighs, how much runs."""

from __future__ import annotations

from engine.containers.models import Status
from engine.models import Rootless
from tui.state import State
from tui.text import count, safe, size
from tui.widgets.columns import Span
from tui.widgets.lines import Ends


def header_versions(state: State) -> list[Ends]:
    """What stands left and right, the longest version first."""
    name: list[Span] = [(" Lamina", "accent bold")]
    host = state.host
    mode: list[Span] = []
    if host is not None:
        name += [(f"  {safe(host.name, 30)}", "text")]
        words = [host.mode, "overlay" if host.overlay else f"no overlay on {safe(host.filesystem, 12)}"]
        words += [] if host.cgroup == "none" else [f"cgroup {host.cgroup}"]
        mode = [(f"  {' · '.join(words)}", "muted")]
    store, saved, running = _store(state), _saved(state), _running(state)
    lacks = _lacks(host.rootless) if host is not None and host.rootless is not None else []
    return [
        *(([*name, *mode, *each], [*store, *saved, *running]) for each in lacks),
        *(([*name, ("  rootless", "muted"), *each], running) for each in lacks[-1:]),
        ([*name, *mode], [*store, *saved, *running]),
        (name, [*store, *saved, *running]),
        (name, [*store, *running]),
        (name, running),
    ]


def _lacks(rootless: Rootless) -> list[list[Span]]:
    """What an ordinary user could have, and by which command; none where he lacks nothing, longest first."""
    found = [each for each in rootless.missing if each.command]
    if not found:
        return []
    spans: list[Span] = []
    for each in found:
        spans += [(f" · no {safe(each.what, 40)}: ", "warn"), (safe(each.command, 100), "text")]
    brief: list[Span] = [(f" · {len(found)} missing: ", "warn"), ("lamina info", "text")]
    return [spans, brief]


def _kept(state: State) -> dict[str, int]:
    """Unpacked bytes of each layer that some image stands on."""
    return {layer.diff_id: layer.unpacked for image in state.images or () for layer in image.layers}


def _store(state: State) -> list[Span]:
    if not state.images:
        return []
    layers = _kept(state)
    words = (count(len(state.images), "image"), count(len(layers), "layer"), size(sum(layers.values())))
    return [(" · ".join(words), "muted")]


def _saved(state: State) -> list[Span]:
    saved = sum(image.unpacked for image in state.images or ()) - sum(_kept(state).values())
    return [(", ", "muted"), (f"sharing saves {size(saved)}", "good")] if saved > 0 else []


def _running(state: State) -> list[Span]:
    running = sum(item.status is Status.RUNNING for item in state.containers or ())
    spans: list[Span] = [("   lab ", "muted"), ("●", "good")] if state.lab and state.lab.running else []
    if state.containers:
        spans.append((f"   {running} running", "good" if running else "muted"))
    return [*spans, (" ", "text")]
