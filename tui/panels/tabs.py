"""What the inspector's tabs say, but for files and logs: pure functions from values to rows."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from engine.containers.models import ContainerSummary, StepRow
from engine.images.models import ImageDetail, ImageSummary
from tui.actions import name_of_image
from tui.panels.containers import mark, state_words
from tui.panels.page import PAIRS, Page, Pair, moment, pairs_rows
from tui.text import age, instruction, safe, short_id, size
from tui.widgets.columns import Column, Row, Span, cell

__all__ = ["Page", "history", "image_config", "layer_name", "moment", "steps", "used_by"]


def image_config(detail: ImageDetail) -> Page:
    """What an image says of itself and of how to run it."""
    summary = detail.summary
    pairs: list[Pair] = [("name", name) for name in summary.names]
    pairs += [
        ("id", summary.id),
        ("manifest", summary.manifest_digest),
        ("platform", summary.platform),
        ("created", moment(summary.created)),
        ("author", detail.author),
        ("sizes", f"{size(summary.unpacked)} unpacked, {size(summary.compressed)} compressed"),
        ("sharing", f"{size(summary.unique)} only here, {size(summary.shared)} shared"),
        ("entrypoint", shlex.join(detail.entrypoint)),
        ("cmd", shlex.join(detail.cmd)),
        ("workdir", detail.workdir),
        ("user", detail.user),
        ("stop signal", detail.stop_signal),
    ]
    pairs += [("ports", port) for port in detail.exposed_ports]
    pairs += [("volumes", volume) for volume in detail.volumes]
    pairs += [("env", setting) for setting in detail.env]
    pairs += [("labels", f"{name}={value}") for name, value in sorted(detail.labels.items())]
    return Page(PAIRS, pairs_rows(pairs))


_HISTORY = (
    Column(1),
    Column(2, right=True, gap=0),
    Column(20, most=4096, grow=1),
    Column(6, right=True, drop=1),
    Column(4, right=True, drop=2),
)


def history(detail: ImageDetail, now: float) -> Page:
    """Every instruction, the newest first; those that made a layer carry its colour and size."""
    slots = {layer.position: layer.slot for layer in detail.layers}
    rows: list[Row] = []
    for index, entry in reversed(list(enumerate(detail.history))):
        made = entry.position is not None
        text = instruction(entry.created_by) or safe(entry.comment) or "(empty)"
        cells = (
            cell("▌", f"slot{slots.get(entry.position or 0, 0)}") if made else cell(""),
            cell(str(entry.position) if made else "", "muted"),
            cell(text, "text" if made else "muted"),
            cell(size(entry.unpacked) if made else ""),
            cell(age(now - entry.created) if entry.created is not None else "", "muted"),
        )
        rows.append(Row(str(index), cells, text.lower(), text))
    return Page(_HISTORY, rows, ("", "This image carries no history."))


_USED = (
    Column(1),
    Column(14, most=60, grow=1, gap=1, cut="middle"),
    Column(10, most=30, grow=1, drop=1),
    Column(14, right=True, drop=2),
)


def used_by(
    detail: ImageDetail, images: Sequence[ImageSummary], containers: Sequence[ContainerSummary], now: float
) -> Page:
    """Containers made of an image, and images that share layers with it."""
    summary = detail.summary
    rows = [
        Row(
            item.id,
            (mark(item), cell(safe(item.name)), cell("container", "muted"), state_words(item, now)),
            safe(item.name).lower(),
        )
        for item in containers
        if item.image_id == summary.id
    ]
    mine = {layer.diff_id: layer.unpacked for layer in summary.layers}
    for image in images:
        common = [layer for layer in image.layers if layer.diff_id in mine]
        if image.id == summary.id or not common:
            continue
        name = safe(name_of_image(image))
        weight = size(sum(layer.unpacked for layer in common))
        word = f"shares {len(common)} of {len(image.layers)} layers"
        cells = (cell("▌", f"slot{common[-1].slot}"), cell(name), cell(word, "muted"), cell(weight))
        rows.append(Row(image.id, cells, name.lower()))
    return Page(_USED, rows, ("", "No container uses this image, and no other image shares a layer with it."))


_STEPS = (
    Column(2, right=True),
    Column(12, most=22, grow=2),
    Column(20, most=90, grow=3),
    Column(10, most=4096, grow=2, drop=2),
    Column(8, right=True, drop=1),
)


def steps(known: Sequence[StepRow] | None) -> Page:
    """What was done to start a container, in order, with the shell command that would do the same."""
    rows = [
        Row(
            str(index),
            (
                cell(str(index), "muted"),
                cell(safe(step.name), "accent"),
                cell(safe(step.what)),
                cell(safe(step.command), "muted"),
                cell(_lasted(step.seconds), "muted"),
            ),
            f"{step.name} {step.what} {step.command}".lower(),
            safe(step.command or step.what),
        )
        for index, step in enumerate(known or (), 1)
    ]
    empty = ("", "Not started yet: S starts it.") if known is not None else ()
    total = sum(step.seconds for step in known or ())
    return Page(_STEPS, rows, empty, ((f"{_lasted(total)} in all", "muted"),) if rows else ())


def _lasted(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def layer_name(detail: ImageDetail | None, diff_id: str | None) -> tuple[Span, ...]:
    """A layer as words for a border: its colour, its number, its digest."""
    for layer in detail.layers if detail is not None else ():
        if layer.diff_id == diff_id:
            return (
                ("▌", f"slot{layer.slot}"),
                (f"layer {layer.position}", "text"),
                (f" {short_id(layer.diff_id)}", "muted"),
            )
    return ()
