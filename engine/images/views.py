"""From the catalogue to what fronts see: list rows and one image in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from engine.images.catalogue import Catalogue, ImageRecord
from engine.images.models import HistoryRow, ImageDetail, ImageSummary, LayerRow, LayerSlice
from engine.images.naming import familiar, label
from engine.images.roles import endings, roles
from engine.oci import Digest

if TYPE_CHECKING:
    from engine.oci.config import History, ImageConfig


def summary(image: ImageRecord, catalogue: Catalogue) -> ImageSummary:
    """One image as a list row."""
    slices = tuple(
        LayerSlice(layer.diff_id, layer.slot, layer.unpacked, shared=catalogue.users[layer.diff_id] > 1)
        for layer in image.layers
    )
    # A stack may hold one layer twice; on disk it lies once.
    once = {layer.diff_id: layer for layer in slices}.values()
    unpacked = sum(layer.unpacked for layer in once)
    shared = sum(layer.unpacked for layer in once if layer.shared)
    return ImageSummary(
        id=image.id,
        names=tuple(sorted(map(familiar, image.names))),
        manifest_digest=image.manifest_digest,
        created=image.created,
        platform=image.platform,
        compressed=sum({layer.diff_id: layer.compressed for layer in image.layers}.values()),
        unpacked=unpacked,
        unique=unpacked - shared,
        shared=shared,
        layers=slices,
        containers=len(image.containers),
    )


def detail(image: ImageRecord, catalogue: Catalogue, config: ImageConfig) -> ImageDetail:
    """Everything about one image.

    :param config: the image's own.
    """
    positions = align_history(config.history, len(image.layers))
    instructions = {
        position: entry for position, entry in zip(positions, config.history, strict=True) if position
    }
    run = config.run
    return ImageDetail(
        summary=summary(image, catalogue),
        layers=_layer_rows(image, catalogue, instructions),
        history=_history_rows(image, config.history, positions),
        entrypoint=run.entrypoint,
        cmd=run.cmd,
        env=run.env,
        workdir=run.workdir,
        user=run.user,
        exposed_ports=run.exposed_ports,
        volumes=run.volumes,
        labels=run.labels,
        stop_signal=run.stop_signal,
        author=config.author,
    )


def align_history(history: tuple[History, ...], layers: int) -> tuple[int | None, ...]:
    """For each history entry the position of the layer it made, None where it made none.

    The specification lets history be missing or disagree with the layers; a layer is then told
    nothing rather than something that is not so.
    """
    made = [not entry.empty_layer for entry in history]
    if sum(made) != layers:
        return (None,) * len(history)
    positions = iter(range(1, layers + 1))
    return tuple(next(positions) if made_one else None for made_one in made)


def _layer_rows(
    image: ImageRecord, catalogue: Catalogue, instructions: Mapping[int, History]
) -> tuple[LayerRow, ...]:
    others = list(catalogue.others(image))
    ends = endings(image.stack, ((other.stack, label(other)) for other in others))
    given = roles(len(image.layers), ends)
    users = _users(others)
    rows = []
    for position, layer in enumerate(image.layers, 1):
        instruction = instructions.get(position)
        rows.append(
            LayerRow(
                position=position,
                diff_id=layer.diff_id,
                blob_digest=layer.blob_digest,
                slot=layer.slot,
                compressed=layer.compressed,
                unpacked=layer.unpacked,
                entries=layer.entries,
                used_by=tuple(sorted(users.get(layer.diff_id, ()))),
                role=given[position - 1],
                base_of=ends.get(position, ""),
                created_by=instruction.created_by if instruction else "",
                created=instruction.created if instruction else None,
            )
        )
    return tuple(rows)


def _users(images: Iterable[ImageRecord]) -> dict[Digest, list[str]]:
    users: dict[Digest, list[str]] = {}
    for image in images:
        name = label(image)
        for diff_id in set(image.stack):
            users.setdefault(diff_id, []).append(name)
    return users


def _history_rows(
    image: ImageRecord, history: tuple[History, ...], positions: tuple[int | None, ...]
) -> tuple[HistoryRow, ...]:
    return tuple(
        HistoryRow(
            entry.created,
            entry.created_by,
            entry.comment,
            position,
            image.layers[position - 1].unpacked if position else 0,
        )
        for entry, position in zip(history, positions, strict=True)
    )
