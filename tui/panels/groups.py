"""Rows under the label that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.containers.models import ContainerSummary

PROJECT = "com.docker.compose.project"
NONE = "without it"
_PREFIX = "group:"


def group_key(value: str) -> str:
    """The key of a group's row."""
    return _PREFIX + value


def group_of_key(key: str) -> str | None:
    """The group that a row heads; None for the row of a container."""
    return key.removeprefix(_PREFIX) if key.startswith(_PREFIX) else None


def grouped(containers: Sequence[ContainerSummary], label: str) -> dict[str, list[ContainerSummary]]:
    """Containers by what a label says, in the order they came; those without it last."""
    found: dict[str, list[ContainerSummary]] = {}
    for item in containers:
        found.setdefault(item.labels.get(label, ""), []).append(item)
    if without := found.pop("", None):
        found[""] = without
    return found


def labels_of(containers: Iterable[ContainerSummary]) -> list[tuple[str, int]]:
    """Labels that could group containers, with how many have each: the project first, then the commonest."""
    counts = Counter(label for item in containers for label in item.labels)
    return sorted(counts.items(), key=lambda pair: (pair[0] != PROJECT, -pair[1], pair[0]))
