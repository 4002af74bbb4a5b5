"""The first line: which host, how the engine works here, what the store weighs, how much runs."""

from __future__ import annotations

from engine.containers.models import Status
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
    return [
        ([*name, *mode], [*store, *saved, *running]),
        (name, [*store, *saved, *running]),
        (name, [*store, *running]),
        (name, running),
    ]


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
    return [(f", sharing saves {size(saved)}", "good")] if saved > 0 else []


def _running(state: State) -> list[Span]:
    running = sum(item.status is Status.RUNNING for item in state.containers or ())
    spans: list[Span] = [("   lab ", "muted"), ("●", "good")] if state.lab and state.lab.running else []
    if state.containers:
        spans.append((f"   {running} running", "good" if running else "muted"))
    return [*spans, (" ", "text")]
