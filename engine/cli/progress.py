"""A pull's progress on stderr: on a terminal one line per layer, redrawn in place; else a line per change."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

from engine.cli.words import size
from engine.images.models import LayerProgress, LayerState, PlanLayer

if TYPE_CHECKING:
    from engine.images.models import PullPlan

_INTERVAL = 0.1  # seconds between drawings: quiet on a slow line, smooth to the eye
_BAR = 24  # columns
_UP = "\x1b[{}A"
_CLEAR_LINE = "\x1b[2K"


class PullProgress:
    """Draws what a pull reports.

    :param quiet: draw nothing.
    :param coming: what happens to a layer whose bytes come here.
    """

    def __init__(self, quiet: bool = False, coming: str = "downloading") -> None:
        self._coming = coming
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._layers: dict[int, PlanLayer] = {}
        self._now: dict[int, LayerProgress] = {}
        self._drawn = 0  # lines that stand on the terminal
        self._last = 0.0

    def plan(self, plan: PullPlan) -> None:
        """The pull knows its layers."""
        self._layers = {layer.position: layer for layer in plan.layers}
        for layer in plan.layers:
            state = LayerState.HERE if layer.here else LayerState.WAITING
            self._now[layer.position] = LayerProgress(layer.position, state, 0, layer.size)
        if self._live:
            self._draw()
        else:
            for progress in self._now.values():
                if progress.state is LayerState.HERE:
                    self._say(progress)

    def layer(self, progress: LayerProgress) -> None:
        """One layer went a step forward."""
        before = self._now.get(progress.position)
        if before is not None and _only_waits(before, progress):
            return
        self._now[progress.position] = progress
        changed = before is None or before.state is not progress.state
        if not self._live:
            if changed:
                self._say(progress)
        elif changed or time.monotonic() - self._last >= _INTERVAL:
            self._draw()

    def close(self) -> None:
        """Leave the last state on the screen, below it the cursor."""
        if self._live and self._now:
            self._draw()

    def _say(self, progress: LayerProgress) -> None:
        if not self._quiet and progress.state is not LayerState.WAITING:
            sys.stderr.write(f"{self._label(progress)}: {self._words(progress)}\n")
            sys.stderr.flush()

    def _draw(self) -> None:
        if self._quiet:
            return
        self._last = time.monotonic()
        columns, rows = shutil.get_terminal_size()
        # Lines that have scrolled away cannot be redrawn: what does not fit is left out, the ends are kept.
        shown = list(self._now.values())[-(rows - 2) :]
        text = _UP.format(self._drawn) if self._drawn else ""
        for progress in shown:
            line = f"{self._label(progress)}  {_bar(progress)} {self._words(progress)}"
            text += f"\r{_CLEAR_LINE}{line[: columns - 1]}\n"
        sys.stderr.write(text)
        sys.stderr.flush()
        self._drawn = len(shown)

    def _label(self, progress: LayerProgress) -> str:
        layer = self._layers.get(progress.position)
        name = layer.diff_id.short if layer is not None else ""
        return f"{progress.position:>3} {name:12}"

    def _words(self, progress: LayerProgress) -> str:
        match progress.state:
            case LayerState.DOWNLOADING:
                return f"{self._coming} {size(progress.done)} of {size(progress.total)}"
            case LayerState.HERE:
                return f"already here ({size(progress.total)})"
            case LayerState.DONE:
                return f"done ({size(progress.total)})"
            case LayerState.WAITING | LayerState.UNPACKING:
                return progress.state.value


def _only_waits(before: LayerProgress, now: LayerProgress) -> bool:
    """Whether a layer that is here only waits until that has been made sure of."""
    return before.state is LayerState.HERE and now.state is LayerState.WAITING


def _bar(progress: LayerProgress) -> str:
    whole = progress.state in (LayerState.DONE, LayerState.HERE, LayerState.UNPACKING)
    full = _BAR if whole or not progress.total else _BAR * progress.done // progress.total
    return "█" * full + "░" * (_BAR - full)
