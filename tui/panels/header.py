"""The first line: which host, how the engine works here, what the store weighs, how much runs."""

from __future__ import annotations

from engine.containers.models import Status
from tui.state import State
from tui.text import count, safe, size
from tui.widgets.columns import Span


def header_spans(state: State) -> tuple[list[Span], list[Span]]:
    """What stands left and right."""
    left: list[Span] = [(" Lamina", "accent bold")]
    host = state.host
    if host is not None:
        mode = [host.mode, "overlay" if host.overlay else f"no overlay on {safe(host.filesystem, 12)}"]
        mode += [] if host.cgroup == "none" else [f"cgroup {host.cgroup}"]
        left += [(f"  {safe(host.name, 30)}", "text"), (f"  {' · '.join(mode)}", "muted")]
    return left, [*_store(state), *_running(state), (" ", "text")]


def _store(state: State) -> list[Span]:
    if not state.images:
        return []
    layers = {layer.diff_id: layer.unpacked for image in state.images for layer in image.layers}
    kept = sum(layers.values())
    saved = sum(image.unpacked for image in state.images) - kept
    words = f"{count(len(state.images), 'image')} · {count(len(layers), 'layer')} · {size(kept)}"
    saves = [(f", sharing saves {size(saved)}", "good")] if saved > 0 else []
    return [(words, "muted"), *saves]


def _running(state: State) -> list[Span]:
    running = sum(item.status is Status.RUNNING for item in state.containers or ())
    lab: list[Span] = [("   lab ", "muted"), ("●", "good")] if state.lab and state.lab.running else []
    return [*lab, (f"   {running} running", "good" if running else "muted")] if state.containers else lab
