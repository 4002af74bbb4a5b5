"""The images of an archive: an OCI image layout, what `docker save` writes, old and new, or skopeo's `dir:`.

Sources: OCI image-spec 1.1, image-layout.md and annotations.md; moby, image/tarexport (manifest.json);
containers/image, directory/directory_transport.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from engine.errors import DigestMismatch, InvalidArgument, Malformed, NotFound, NotSupported
from engine.images.bundle import Bundle, Piece
from engine.images.docker_archive import read_docker_images, read_docker_names
from engine.images.naming import stored_name
from engine.images.remote import RemoteImage
from engine.oci.config import CONFIG_LIMIT, parse_image_config
from engine.oci.descriptor import Descriptor
from engine.oci.digest import Digest
from engine.oci.manifest import MANIFEST_LIMIT, Index, Manifest, choose, is_image, parse_document
from engine.oci.platform import Platform
from engine.oci.quote import quoted
from engine.oci.reference import Reference
from engine.oci.strict import read_object

LAYOUT_FILE, INDEX_FILE = "oci-layout", "index.json"
LAYOUT_VERSION = "1.0.0"
FULL_NAME = "io.containerd.image.name"  # what Docker and containerd write beside the tag
SHORT_NAME = "org.opencontainers.image.ref.name"
_MANIFEST_FILE, _PLAIN_FILE = "manifest.json", "version"
_PLAIN = b"Directory Transport Version: 1."
_DEPTH = 3  # an index may hold indexes; nobody needs more than this


@dataclass(frozen=True, slots=True)
class BundledImage:
    """One image of an archive.

    :param names: canonical references that the archive gives it.
    :param pieces: where its layers lie, by digest of the blob.
    """

    image: RemoteImage
    names: tuple[str, ...]
    pieces: Mapping[Digest, Piece]


@dataclass(frozen=True, slots=True)
class Contents:
    """All images of an archive; :param notes: what was passed over, and why."""

    images: tuple[BundledImage, ...]
    notes: tuple[str, ...] = ()


def read_contents(bundle: Bundle, platform: str = "") -> Contents:
    """What images there are. Layers are not read.

    :param platform: `os/architecture[/variant]` where there are several; the host's where empty.
    :raises Malformed: the archive contradicts itself or its specification.
    :raises NotFound: it holds no image (of the platform).
    """
    wanted = Platform.parse(platform) if platform else Platform.host()
    if bundle.find(LAYOUT_FILE) and bundle.find(INDEX_FILE):
        contents = _Layout(bundle, wanted).read()
        _agree(contents, read_docker_names(bundle))
    elif _is_plain(bundle):
        contents = _PlainDirectory(bundle, wanted).read()
    else:
        contents = Contents(tuple(_docker(bundle)))
    if not contents.images:
        raise NotFound("the archive holds no image", hint="; ".join(contents.notes))
    for each in contents.images:
        if platform and each.image.config.platform not in wanted.runs():
            raise NotFound(f"{each.image.label} is for {each.image.config.platform}, not for {wanted}")
    return contents


def _agree(contents: Contents, docker: Mapping[str, Digest]) -> None:
    """New versions of Docker write both forms into one archive; their readers must see the same."""
    for each in contents.images:
        for name in each.names:
            if docker.get(name, each.image.id) != each.image.id:
                raise Malformed(
                    f"the archive says two things of what {quoted(name)} is",
                    hint="its manifest.json and its index.json name different images; do not trust it",
                )


def _docker(bundle: Bundle) -> Iterable[BundledImage]:
    notes: list[str] = []
    for found in read_docker_images(bundle):
        yield _bundled(found.manifest, found.config, found.tags, found.pieces, notes)


class _Layout:
    """An OCI image layout that is being read."""

    def __init__(self, bundle: Bundle, wanted: Platform) -> None:
        self._bundle = bundle
        self._wanted = wanted
        self._notes: list[str] = []

    def read(self) -> Contents:
        """Every image, once, with all its names."""
        about = self._bundle.find(LAYOUT_FILE)
        index = self._bundle.find(INDEX_FILE)
        assert about is not None
        assert index is not None
        version = read_object(
            about.read(MANIFEST_LIMIT), LAYOUT_FILE, MANIFEST_LIMIT, ("imageLayoutVersion",)
        )
        if version.text("imageLayoutVersion") != LAYOUT_VERSION:
            version.fail("imageLayoutVersion", LAYOUT_VERSION)
        document = parse_document(index.read(MANIFEST_LIMIT))
        if not isinstance(document, Index):
            raise Malformed(f"{INDEX_FILE} is no index")
        found: dict[Digest, BundledImage] = {}
        for descriptor, names in self._entries(document):
            image = self._image(descriptor, names)
            if image is not None:
                known = found.get(image.image.id)
                names_of_both = dict.fromkeys((*known.names, *image.names)) if known else image.names
                found[image.image.id] = replace(known or image, names=tuple(names_of_both))
        return Contents(tuple(found.values()), tuple(self._notes))

    def _entries(self, index: Index) -> list[tuple[Descriptor, list[str]]]:
        """Entries with their names; of those that are one image for several platforms, the one that fits."""
        groups: dict[tuple[str, ...], list[Descriptor]] = {}
        for entry in index.manifests:
            if is_image(entry):
                groups.setdefault(tuple(_names_in(entry)), []).append(entry)
            else:
                self._notes.append(f"passed over {entry.digest.short}: it is no image")
        found = []
        for names, entries in groups.items():
            if len(entries) > 1 and all(entry.platform for entry in entries):
                entries = [choose(replace(index, manifests=tuple(entries)), self._wanted)]
            found += [(entry, list(names)) for entry in entries]
        return found

    def _image(self, descriptor: Descriptor, names: list[str]) -> BundledImage | None:
        manifest = self._manifest(descriptor)
        if manifest is None:
            return None
        config = self._blob(manifest.config)
        if config is None:
            raise Malformed(f"the archive lacks the config {manifest.config.digest}")
        pieces = {}
        for layer in manifest.layers:
            piece = self._piece(layer.digest)
            if piece is not None:
                _check_size(piece, layer)
                pieces[layer.digest] = piece
        return _bundled(manifest, config, names, pieces, self._notes)

    def _manifest(self, descriptor: Descriptor) -> Manifest | None:
        for _ in range(_DEPTH):
            raw = self._blob(descriptor)
            if raw is None:
                # Docker lists the platforms that it did not save, too.
                self._notes.append(f"passed over {descriptor.digest.short}: it is not in the archive")
                return None
            try:
                document = parse_document(raw, descriptor.media_type)
            except NotSupported as error:
                self._notes.append(f"passed over {descriptor.digest.short}: {error.message}")
                return None
            if isinstance(document, Manifest):
                return document
            descriptor = choose(document, self._wanted)
        raise Malformed("an index inside an index inside an index")

    def _blob(self, descriptor: Descriptor) -> bytes | None:
        piece = self._piece(descriptor.digest)
        if piece is None:
            return None
        _check_size(piece, descriptor)
        data = piece.read(max(CONFIG_LIMIT, MANIFEST_LIMIT))
        if Digest.of(data) != descriptor.digest:
            raise DigestMismatch(f"{piece.name} has the digest {Digest.of(data)}")
        return data

    def _piece(self, digest: Digest) -> Piece | None:
        return self._bundle.find(f"blobs/sha256/{digest.hex}")


class _PlainDirectory(_Layout):
    """What skopeo's `dir:` writes: one manifest as it came, and blobs that are named by their digits."""

    def read(self) -> Contents:
        """Its image, which has no name."""
        manifest = self._bundle.find(_MANIFEST_FILE)
        if manifest is None:
            raise Malformed(f"the directory has no {_MANIFEST_FILE}")
        self._top, self._top_digest = manifest, Digest.of(manifest.read(MANIFEST_LIMIT))
        image = self._image(Descriptor("", self._top_digest, manifest.size), [])
        return Contents((image,) if image else (), tuple(self._notes))

    def _piece(self, digest: Digest) -> Piece | None:
        if digest == self._top_digest:
            return self._top
        return self._bundle.find(digest.hex) or self._bundle.find(f"{digest.hex}.{_MANIFEST_FILE}")


def _is_plain(bundle: Bundle) -> bool:
    try:
        about = bundle.find(_PLAIN_FILE)
    except Malformed:
        return False  # a directory, or a link: of whatever form this is, not of that
    return about is not None and about.size < 2 * len(_PLAIN) and about.read(about.size).startswith(_PLAIN)


def _bundled(
    manifest: Manifest, raw: bytes, tags: Iterable[str], pieces: Mapping[Digest, Piece], notes: list[str]
) -> BundledImage:
    config = parse_image_config(raw)
    if len(config.diff_ids) != len(manifest.layers):
        raise Malformed(
            f"an image of the archive has {len(manifest.layers)} layers, its config {len(config.diff_ids)}"
        )
    references = list(_references(tags, manifest, notes))
    names = tuple(dict.fromkeys(map(stored_name, references)))
    image = RemoteImage(references[0] if references else None, names[0] if names else "", manifest, config)
    return BundledImage(image, names, pieces)


def _references(tags: Iterable[str], manifest: Manifest, notes: list[str]) -> Iterable[Reference]:
    for tag in tags:
        try:
            reference = Reference.parse(tag)
        except InvalidArgument as error:
            notes.append(f"no name was taken from the archive: {error.message}")
            continue
        if reference.digest not in (None, manifest.digest):
            notes.append(f"left out the name {reference.familiar}: the image has another digest now")
            continue
        yield reference


def _names_in(entry: Descriptor) -> list[str]:
    """What an index calls an image: the whole name that Docker writes, else the name of the layout."""
    name = entry.annotations.get(FULL_NAME) or entry.annotations.get(SHORT_NAME)
    return [name] if name else []


def _check_size(piece: Piece, descriptor: Descriptor) -> None:
    if piece.size != descriptor.size:
        raise DigestMismatch(f"{piece.name} has {piece.size} bytes, its descriptor says {descriptor.size}")
