"""Telling how far a layer is: every change of state, and bytes about ten times a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.images.models import LayerProgress, LayerState

_INTERVAL = 0.1  # seconds between two reports of bytes; faster than anybody reads


class Meter:
    """The progress of one layer.

    :param positions: where the layer stands; each is told.
    :param total: compressed bytes.
    :param tell: called in the event loop.
    """

    def __init__(
        self, positions: tuple[int, ...], total: int, tell: Callable[[LayerProgress], None] | None
    ) -> None:
        self._positions = positions
        self._total = total
        self._tell = tell
        self._state: LayerState | None = None
        self._next = 0.0

    def state(self, state: LayerState, done: int) -> None:
        """The layer has come to `state`, with so many bytes here."""
        if state is not self._state:
            self._state = state
            self._report(done)

    def advance(self, done: int) -> None:
        """So many bytes are here now."""
        if time.monotonic() >= self._next:
            self._report(done)

    def unpacked(self, done: int) -> None:
        """So many compressed bytes are unpacked; told only when all have come, for a layer has one bar."""
        if self._state is LayerState.UNPACKING:
            self.advance(done)

    def _report(self, done: int) -> None:
        self._next = time.monotonic() + _INTERVAL
        if self._tell is None or self._state is None:
            return
        for position in self._positions:
            self._tell(LayerProgress(position, self._state, done, self._total))
