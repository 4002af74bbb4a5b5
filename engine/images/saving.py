"""Saving images to an archive that podman, skopeo, umoci and Docker take."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LaminaError, NotFound, Unavailable
from engine.events import Event
from engine.images.archive_models import ArchiveFormat, Compression, SavedImage, SaveResult
from engine.images.bundled import FULL_NAME, INDEX_FILE, LAYOUT_FILE, LAYOUT_VERSION, SHORT_NAME
from engine.images.catalogue import Catalogue, ImageRecord, LayerRecord, read_catalogue
from engine.images.docker_archive import MANIFEST_FILE, REPOSITORIES_FILE
from engine.images.documents import read_manifest
from engine.images.naming import familiar, find, label
from engine.images.packing import Packing, packing
from engine.images.parts import Parts
from engine.images.sinks import Sink, sink_of
from engine.images.trouble import disk_trouble
from engine.oci import media
from engine.oci.config import CONFIG_LIMIT
from engine.oci.digest import Digest
from engine.oci.manifest import Manifest
from engine.oci.reference import Reference
from engine.store.leases import drop_lease, lease_name, take_lease
from engine.store.locks import lock

Descriptor = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """An image that is saved, and the canonical names that were asked for."""

    record: ImageRecord
    names: tuple[str, ...]
    layers: tuple[Packing, ...]


def save(
    parts: Parts, names: Sequence[str], target: Path | int, form: ArchiveFormat, compression: Compression
) -> SaveResult:
    """Write an archive of images; see `ImageService.save`."""
    begun = time.monotonic()
    lease = lease_name()
    try:
        chosen = _choose(parts, lease, names, compression)
        with sink_of(target, form) as sink:
            writer = _Writer(parts, sink, form)
            images = [writer.image(each) for each in chosen]
            writer.finish()
    except BrokenPipeError:
        raise  # whoever reads has had enough, which is for the command line to say
    except OSError as error:
        raise _trouble(error, target, parts) from error
    finally:
        with parts.database.write() as connection:
            drop_lease(connection, lease)
    for image in images:
        attributes = {"name": ", ".join(image.names)}
        parts.journal.append(Event(time.time(), "image", "save", image.id, attributes))
    return SaveResult(tuple(images), sink.size, time.monotonic() - begun, tuple(writer.notes))


def _trouble(error: OSError, target: Path | int, parts: Parts) -> LaminaError:
    """What the target refuses, unless it was the store."""
    if isinstance(target, int) or str(error.filename or "").startswith(str(parts.layout.root)):
        return disk_trouble(error)
    return Unavailable(
        f"{target} cannot be written: {error.strerror or error}",
        hint="choose a place that is there, is yours and has room: lamina save -o FILE",
    )


def _choose(parts: Parts, lease: str, names: Sequence[str], compression: Compression) -> list[_Chosen]:
    """The images and the blobs that are written, kept from being removed."""
    with lock(parts.layout, "content", shared=True), parts.database.write() as connection:
        catalogue = read_catalogue(connection)
        asked: dict[Digest, dict[str, None]] = {}
        for name in names:
            match = find(catalogue, name)
            asked.setdefault(match.image.id, {}).update({match.name: None} if match.name else {})
        chosen = []
        for image_id, given in asked.items():
            image = catalogue.by_id[image_id]
            layers = tuple(_packing(parts, catalogue, image, layer, compression) for layer in image.layers)
            chosen.append(_Chosen(image, tuple(given), layers))
            take_lease(
                connection,
                lease,
                {image.id, image.manifest_digest, *image.stack, *(layer.digest for layer in layers)},
            )
    return chosen


def _packing(
    parts: Parts, catalogue: Catalogue, image: ImageRecord, layer: LayerRecord, compression: Compression
) -> Packing:
    # A layer that was here already did not travel again; then another image's blob holds it.
    others = (other.blob_digest for other in catalogue.copies(layer.diff_id))
    for digest in (layer.blob_digest, *others):
        if parts.blobs.has(digest):
            return packing(parts.blobs.path(digest), digest, layer.diff_id, compression)
    raise NotFound(
        f"the compressed layer {layer.blob_digest.short} of {label(image)} is not here",
        hint="lamina system check --repair fetches it again",
    )


class _Writer:
    """Writes images into a sink, each blob once."""

    def __init__(self, parts: Parts, sink: Sink, form: ArchiveFormat) -> None:
        self._parts = parts
        self._sink = sink
        self._docker = form is ArchiveFormat.DOCKER
        self._layers: dict[tuple[Digest, str], tuple[Digest, int]] = {}
        self._index: list[Descriptor] = []
        self._names: list[list[str]] = []
        self._entries: list[dict[str, object]] = []
        self._repositories: dict[str, dict[str, str]] = {}
        self.notes: list[str] = []

    def image(self, chosen: _Chosen) -> SavedImage:
        """One image: its layers, its config, its manifest."""
        record = chosen.record
        config = self._parts.blobs.read(record.id, CONFIG_LIMIT)
        manifest = read_manifest(self._parts, record)
        layers = [self._layer(layer) for layer in chosen.layers]
        self._small(config)
        document = _manifest(manifest, len(config), layers)
        digest = self._small(document)
        if digest != record.manifest_digest and not self._docker:
            self.notes.append(
                f"{label(record)} has the manifest {digest} in the archive: {_why(manifest, layers)}"
            )
        self._index.append({"mediaType": media.OCI_MANIFEST, "digest": digest, "size": len(document)})
        self._names.append(list(chosen.names))
        self._tell_docker(record, chosen.names, layers)
        return SavedImage(record.id, tuple(map(familiar, chosen.names)), digest)

    def finish(self) -> None:
        """The files that name the images."""
        if self._docker:
            self._sink.file(MANIFEST_FILE, _json(self._entries))
            self._sink.file(REPOSITORIES_FILE, _json(self._repositories))
        self._sink.file(LAYOUT_FILE, _json({"imageLayoutVersion": LAYOUT_VERSION}))
        index = {"schemaVersion": 2, "mediaType": media.OCI_INDEX, "manifests": self._named()}
        self._sink.file(INDEX_FILE, _json(index))

    def _layer(self, layer: Packing) -> Descriptor:
        key = layer.diff_id, layer.wanted
        if key not in self._layers:
            self._layers[key] = self._sink.blob(layer.chunks, layer.known)
        digest, size = self._layers[key]
        return {"mediaType": layer.wanted, "digest": digest, "size": size}

    def _small(self, data: bytes) -> Digest:
        digest, _ = self._sink.blob(lambda: [data], (Digest.of(data), len(data)))
        return digest

    def _tell_docker(self, record: ImageRecord, names: Sequence[str], layers: Sequence[Descriptor]) -> None:
        tagged = [name for name in names if Reference.parse(name).digest is None]
        paths = [_path(layer["digest"]) for layer in layers]
        tags = list(map(familiar, tagged))
        self._entries.append({"Config": _path(record.id), "RepoTags": tags, "Layers": paths})
        for tag in tags if paths else ():
            repository, _, version = tag.rpartition(":")
            self._repositories.setdefault(repository, {})[version] = paths[-1].rpartition("/")[2]

    def _named(self) -> list[Descriptor]:
        """The index's entries: one for each name, and one for an image without."""
        tags = [Reference.parse(name).tag for names in self._names for name in names]
        found = []
        for descriptor, names in zip(self._index, self._names, strict=True):
            for name in names:
                tag = Reference.parse(name).tag
                annotations = {FULL_NAME: name}
                if tag is not None:
                    # Tools ask a layout for an image by this name, so it must name one image alone.
                    annotations[SHORT_NAME] = tag if tags.count(tag) == 1 else familiar(name)
                found.append({**descriptor, "annotations": annotations})
            if not names:
                found.append(descriptor)
        return found


def _manifest(manifest: Manifest, config_size: int, layers: Sequence[Descriptor]) -> bytes:
    """The image's own manifest where it says what is written, else one that does."""
    same = [layer["digest"] for layer in layers] == [layer.digest for layer in manifest.layers]
    if same and manifest.media_type == media.OCI_MANIFEST:
        return manifest.raw
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": {"mediaType": media.OCI_CONFIG, "digest": manifest.config.digest, "size": config_size},
        "layers": list(layers),
    }
    if manifest.annotations:
        document["annotations"] = dict(manifest.annotations)
    return _json(document)


def _why(manifest: Manifest, layers: Sequence[Descriptor]) -> str:
    if [layer["digest"] for layer in layers] != [layer.digest for layer in manifest.layers]:
        return "its layers are packed otherwise"
    return "an image layout cannot hold Docker's own form"


def _path(digest: object) -> str:
    assert isinstance(digest, Digest)
    return f"blobs/sha256/{digest.hex}"


def _json(document: Mapping[str, object] | Sequence[object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
