"""Two images side by side: layers by diff ID, files, settings, and the download between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from engine.analysis.changes import Change, difference
from engine.analysis.images import LayerFacts, OpenImage
from engine.analysis.stacked import Stack
from engine.layers.keys import path_of
from engine.layers.member import Kind
from engine.oci import Digest
from engine.oci.config import ImageConfig


@dataclass(frozen=True, slots=True)
class LayerPair:
    """One layer of either image or of both; positions count from 1, None where the image has it not there."""

    diff_id: Digest
    old: int | None
    new: int | None
    compressed: int
    unpacked: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path that differs.

    :param path: without a leading slash.
    :param old_size: bytes of content; 0 where there is no file.
    """

    path: str
    change: Change
    kind: Kind
    old_size: int
    new_size: int


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting of the configs that differs; None where an image has it not."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What separates two images.

    :param layers: in the order of the stacks, a layer that both have in one line.
    :param files: in tree order.
    :param download: compressed bytes of the new image's layers that the old one has not.
    :param shared: compressed bytes of the new image's layers that the old one has.
    """

    layers: tuple[LayerPair, ...]
    files: tuple[FileChange, ...]
    settings: tuple[SettingChange, ...]
    environment: tuple[SettingChange, ...]
    download: int
    shared: int

    @property
    def counts(self) -> Mapping[Change, int]:
        """How many paths there are of each change."""
        return Counter(file.change for file in self.files)


def compare(old: OpenImage, new: OpenImage) -> Comparison:
    """From one image to another."""
    download, shared = update_cost(old.facts.layers, new.facts.layers)
    return Comparison(
        layers=align_layers(old.facts.layers, new.facts.layers),
        files=compare_files(old.stack, new.stack),
        settings=compare_settings(old.config, new.config),
        environment=_tables(_variables(old.config.run.env), _variables(new.config.run.env)),
        download=download,
        shared=shared,
    )


def update_cost(old: Iterable[LayerFacts], new: Iterable[LayerFacts]) -> tuple[int, int]:
    """Compressed bytes that whoever has the old image fetches for the new one, and bytes that stay.

    A layer that stands twice travels once.
    """
    have = {layer.diff_id for layer in old}
    sizes = {layer.diff_id: layer.compressed for layer in new}
    download = sum(size for diff_id, size in sizes.items() if diff_id not in have)
    return download, sum(sizes.values()) - download


def align_layers(old: Sequence[LayerFacts], new: Sequence[LayerFacts]) -> tuple[LayerPair, ...]:
    """Two stacks beside each other, layers that both have in the same order in one line."""
    matcher = SequenceMatcher(
        None, [layer.diff_id for layer in old], [layer.diff_id for layer in new], autojunk=False
    )
    rows: list[LayerPair] = []
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            rows += [
                _pair(layer, old_start + at + 1, new_start + at + 1)
                for at, layer in enumerate(new[new_start:new_end])
            ]
        else:
            rows += [_pair(layer, at, None) for at, layer in enumerate(old[old_start:old_end], old_start + 1)]
            rows += [_pair(layer, None, at) for at, layer in enumerate(new[new_start:new_end], new_start + 1)]
    return tuple(rows)


def _pair(layer: LayerFacts, old: int | None, new: int | None) -> LayerPair:
    return LayerPair(layer.diff_id, old, new, layer.compressed, layer.unpacked)


def compare_files(old: Stack, new: Stack) -> tuple[FileChange, ...]:
    """Every path that one tree lacks or that differs, in tree order."""
    before = dict(zip(old.keys, old.winners, strict=True))
    after = dict(zip(new.keys, new.winners, strict=True))
    # The same entry of the same table in both: nearly all paths of two releases of one image.
    known = {
        id(table): offset for table, offset in zip(old.entries.tables, old.entries.offsets, strict=False)
    }
    shifts = [known.get(id(table)) for table in new.entries.tables]
    found = [
        FileChange(path_of(key), Change.REMOVED, Kind(old.entries.kind(entry)), old.entries.content(entry), 0)
        for key, entry in before.items()
        if key not in after
    ]
    for key, entry in after.items():
        there = before.get(key)
        if there is None:
            kind, size = Kind(new.entries.kind(entry)), new.entries.content(entry)
            found.append(FileChange(path_of(key), Change.ADDED, kind, 0, size))
            continue
        layer, number = new.entries.locate(entry)
        shift = shifts[layer]
        if shift is not None and there == shift + number and entry not in new.entries.targets:
            continue
        change = difference(old.entries, there, new.entries, entry)
        if change is not Change.UNCHANGED:
            kind = Kind(new.entries.kind(entry))
            sizes = old.entries.content(there), new.entries.content(entry)
            found.append(FileChange(path_of(key), change, kind, *sizes))
    return tuple(sorted(found, key=lambda file: file.path.split("/")))


def compare_settings(old: ImageConfig, new: ImageConfig) -> tuple[SettingChange, ...]:
    """What differs in how the images want to be run, the environment left out."""
    return _tables(_settings(old), _settings(new))


def _settings(config: ImageConfig) -> dict[str, str]:
    run = config.run
    found = {
        "platform": str(config.platform),
        "author": config.author,
        "user": run.user,
        "workdir": run.workdir,
        "entrypoint": _words(run.entrypoint),
        "cmd": _words(run.cmd),
        "exposed ports": " ".join(sorted(run.exposed_ports)),
        "volumes": " ".join(sorted(run.volumes)),
        "stop signal": run.stop_signal,
        **{f"label {name}": value for name, value in run.labels.items()},
    }
    return {name: value for name, value in found.items() if value}


def _words(words: Sequence[str]) -> str:
    import json

    return json.dumps(list(words), ensure_ascii=False) if words else ""


def _variables(env: Iterable[str]) -> dict[str, str]:
    return {name: value for name, _, value in (entry.partition("=") for entry in env)}


def _tables(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[SettingChange, ...]:
    names = [*old, *(name for name in new if name not in old)]
    return tuple(
        SettingChange(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    )
