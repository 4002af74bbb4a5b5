"""What `docker save` writes: manifest.json, configs, and layers as plain archives.

Source: moby, image/tarexport; skopeo's docker-archive writes the same.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import DigestMismatch, InvalidArgument, Malformed, NotSupported
from engine.images.bundle import Bundle, Piece
from engine.layers.compression import GZIP_MAGIC, ZSTD_MAGIC
from engine.oci import media
from engine.oci.config import CONFIG_LIMIT, parse_image_config
from engine.oci.digest import Digest
from engine.oci.manifest import LAYERS_LIMIT, MANIFEST_LIMIT, Manifest, parse_document
from engine.oci.quote import quoted
from engine.oci.reference import Reference
from engine.oci.strict import Fields, read_objects

MANIFEST_FILE, REPOSITORIES_FILE = "manifest.json", "repositories"
_KEYS = ("Config", "RepoTags", "Layers", "Parent", "LayerSources")
_IMAGES_LIMIT = 10_000
_DIGEST_NAME = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json|\.tar)?")


@dataclass(frozen=True, slots=True)
class DockerImage:
    """One image of manifest.json.

    :param manifest: such an archive has none; this is one that names the same config and layers.
    :param config: its bytes, as they lie in the archive.
    """

    tags: tuple[str, ...]
    manifest: Manifest
    config: bytes
    pieces: Mapping[Digest, Piece]


def read_docker_images(bundle: Bundle) -> Iterator[DockerImage]:
    """Every image of the archive.

    :raises NotSupported: it is of a Docker that wrote no manifest.json.
    :raises InvalidArgument: it is no archive of images.
    """
    entries = _entries(bundle)
    if entries is None:
        if bundle.find(REPOSITORIES_FILE):
            raise NotSupported(
                "the archive was written by a Docker older than 1.10",
                hint="save the image anew with a newer one",
            )
        raise InvalidArgument("this is no archive of images: it has neither manifest.json nor oci-layout")
    for entry in entries:
        yield _image(bundle, entry)


def read_docker_names(bundle: Bundle) -> dict[str, Digest]:
    """Canonical names in manifest.json, each with its image's id; nothing where there is no such file."""
    found: dict[str, Digest] = {}
    for entry in _entries(bundle) or ():
        image_id = Digest.of(_config(bundle, entry))
        for tag in entry.texts("RepoTags"):
            try:
                found[str(Reference.parse(tag))] = image_id
            except InvalidArgument:
                continue
    return found


def make_manifest(config: tuple[Digest, int], layers: Sequence[tuple[str, Digest, int]]) -> bytes:
    """The manifest of an image that came without one; the same input always gives the same bytes.

    :param config: digest and size; :param layers: media type, digest and size of each.
    """
    document = {
        "schemaVersion": 2,
        "mediaType": media.OCI_MANIFEST,
        "config": {"mediaType": media.OCI_CONFIG, "digest": config[0], "size": config[1]},
        "layers": [
            {"mediaType": media_type, "digest": digest, "size": size} for media_type, digest, size in layers
        ],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def layer_type(magic: bytes) -> str:
    """The media type of a layer's blob, by its first four bytes."""
    if magic.startswith(GZIP_MAGIC):
        return media.OCI_LAYER_GZIP
    return media.OCI_LAYER_ZSTD if magic == ZSTD_MAGIC else media.OCI_LAYER


def _entries(bundle: Bundle) -> list[Fields] | None:
    piece = bundle.find(MANIFEST_FILE)
    if piece is None:
        return None
    return read_objects(piece.read(MANIFEST_LIMIT), MANIFEST_FILE, MANIFEST_LIMIT, _KEYS, _IMAGES_LIMIT)


def _image(bundle: Bundle, entry: Fields) -> DockerImage:
    raw = _config(bundle, entry)
    diff_ids = parse_image_config(raw).diff_ids
    paths = entry.texts("Layers")
    if len(paths) != len(diff_ids) or len(paths) > LAYERS_LIMIT:
        raise Malformed(f"{entry.where} has {len(paths)} layers, its config {len(diff_ids)}")
    layers: list[tuple[str, Digest, int]] = []
    pieces: dict[Digest, Piece] = {}
    for path, diff_id in zip(paths, diff_ids, strict=True):
        piece = _piece(bundle, path)
        media_type = layer_type(piece.at(0, 4) if piece.size else b"")
        digest = diff_id if media_type == media.OCI_LAYER else _digest(path, piece)
        layers.append((media_type, digest, piece.size))
        pieces[digest] = piece
    manifest = parse_document(make_manifest((Digest.of(raw), len(raw)), layers), media.OCI_MANIFEST)
    assert isinstance(manifest, Manifest)
    return DockerImage(entry.texts("RepoTags"), manifest, raw, pieces)


def _config(bundle: Bundle, entry: Fields) -> bytes:
    name = entry.text("Config")
    raw = _piece(bundle, name).read(CONFIG_LIMIT)
    match = _DIGEST_NAME.fullmatch(name)
    if match and match[1] != Digest.of(raw).hex:
        raise DigestMismatch(f"the config {posixpath.basename(name)} has the digest {Digest.of(raw)}")
    return raw


def _piece(bundle: Bundle, name: str) -> Piece:
    piece = bundle.find(name)
    if piece is None:
        raise Malformed(f"the archive lacks {quoted(name)}", hint="it was cut short; make it anew")
    return piece


def _digest(name: str, piece: Piece) -> Digest:
    """A packed layer's digest: as its name claims, which is verified when it is unpacked, or reckoned."""
    if name.startswith("blobs/sha256/") and (match := _DIGEST_NAME.fullmatch(name)):
        return Digest.from_hex(match[1])
    digest = hashlib.sha256()
    for chunk in piece.chunks():
        digest.update(chunk)
    return Digest.from_hex(digest.hexdigest())
