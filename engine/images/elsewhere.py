"""Names of images that are not in the store: in a registry, in an archive or in an image layout.

The transports are those of containers-transports(5); Lamina reads the form of an archive from the archive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Conflict, InvalidArgument, NotFound
from engine.images.naming import stored_name
from engine.oci.quote import quoted
from engine.oci.reference import Reference

if TYPE_CHECKING:
    from engine.images.bundled import BundledImage

_ARCHIVES = ("docker-archive:", "oci-archive:", "oci:")
_DOCKER, _REGISTRY = "docker://", "registry:"


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """An image in a registry."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class ArchivePlace:
    """An image in a file or directory; :param tag: which one, empty where it must be the only one."""

    path: Path
    tag: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the layers that a question needs are read; `done` of `total` compressed bytes.

    :param image: what people call it.
    :param layers: how many are read; :param read: how many of these are read to their end.
    """

    image: str
    layers: int
    read: int
    done: int
    total: int


OnReading = Callable[[Reading], None]


def parse_place(text: str) -> RegistryPlace | ArchivePlace | None:
    """Where a name leads to; None for one of the store's own images.

    `registry:2` is the image `registry`; a reference after `registry:` has a slash or a colon in it.

    :raises InvalidArgument: what follows the transport is no reference or no path.
    :raises NotFound: there is no such file.
    """
    if text.startswith(_DOCKER):
        return RegistryPlace(Reference.parse(text.removeprefix(_DOCKER)))
    rest = text.removeprefix(_REGISTRY)
    if rest != text and ("/" in rest or ":" in rest):
        return RegistryPlace(Reference.parse(rest))
    for transport in _ARCHIVES:
        if text.startswith(transport):
            return _archive(text.removeprefix(transport), transport)
    return None


def choose_image(images: tuple[BundledImage, ...], tag: str) -> BundledImage:
    """The image of an archive that a tag or name means.

    :raises Conflict: there are several and none was named. :raises NotFound: none is called so.
    """
    names = [name for image in images for name in image.names]
    hint = f"it has {', '.join(map(quoted, names[:5]))}" if names else "its images have no names"
    if not tag:
        if len(images) > 1:
            raise Conflict(f"the archive holds {len(images)} images: name one behind the path", hint=hint)
        return images[0]
    wanted = stored_name(Reference.parse(tag))
    for image in images:
        if wanted in image.names:
            return image
    raise NotFound(f"the archive has no image {quoted(tag)}", hint=hint)


def _archive(rest: str, transport: str) -> ArchivePlace:
    """A path, or a path and a name; a colon may be part of either."""
    if not rest or "\0" in rest:
        raise InvalidArgument(f"{transport} needs a path", hint=f"{transport}PATH or {transport}PATH:TAG")
    ends = [len(rest), *(at for at in range(len(rest) - 1, 0, -1) if rest[at] == ":")]
    for end in ends:
        try:
            if Path(rest[:end]).exists():
                return ArchivePlace(Path(rest[:end]), rest[end + 1 :])
        except OSError:
            continue  # too long for a path
    raise NotFound(f"there is no file {quoted(rest)}", hint=f"give {transport}PATH or {transport}PATH:TAG")
