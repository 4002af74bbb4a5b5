"""The colour of a layer: one of 16 slots, chosen when it is first seen and kept for life."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.oci import Digest

if TYPE_CHECKING:
    import sqlite3

SLOTS = 16


def choose_slots(stack: Sequence[Digest], known: Mapping[Digest, int]) -> dict[Digest, int]:
    """A slot for every layer of a stack, base first.

    A known layer keeps its own. A new one differs from both neighbours, then from all other layers of
    the stack where that is possible, then takes the slot that the fewest layers have.

    :param known: the slots of all layers that were ever seen.
    """
    chosen = {diff_id: known[diff_id] for diff_id in stack if diff_id in known}
    used = Counter(known.values())
    for position, diff_id in enumerate(stack):
        if diff_id in chosen:
            continue
        around = {chosen.get(other) for other in stack[max(0, position - 1) : position + 2]}
        here = Counter(chosen.values())
        slot = min(range(SLOTS), key=lambda slot: (slot in around, here[slot], used[slot], slot))
        chosen[diff_id] = slot
        used[slot] += 1
    return chosen


def remember_slots(connection: sqlite3.Connection, slots: Mapping[Digest, int]) -> None:
    """Keep the slots of new layers; a layer that has one keeps it."""
    connection.executemany("INSERT OR IGNORE INTO slots (diff_id, slot) VALUES (?, ?)", slots.items())
