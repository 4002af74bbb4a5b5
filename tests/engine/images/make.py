"""Images as values, for the functions that need no store."""

from __future__ import annotations

from engine.images.catalogue import Catalogue, ImageRecord, LayerRecord
from engine.oci import Digest


def digest(word: str) -> Digest:
    """A digest that stands for a word."""
    return Digest.of(word.encode())


def stack(words: str) -> tuple[Digest, ...]:
    """Diff IDs, one for each word."""
    return tuple(digest(word) for word in words.split())


def image(
    name: str,
    words: str,
    *,
    id: Digest | None = None,
    names: tuple[str, ...] | None = None,
    containers: tuple[str, ...] = (),
    created: float | None = None,
) -> ImageRecord:
    """An image called `docker.io/library/<name>`, of layers that are called by words.

    A layer unpacks to a hundred bytes a letter of its word, and travels as ten.
    """
    return ImageRecord(
        id=id or digest(f"config of {name}"),
        manifest_digest=digest(f"manifest of {name}"),
        platform="linux/amd64",
        created=created,
        pulled=0.0,
        names=(f"docker.io/library/{name}",) if names is None else names,
        layers=tuple(
            LayerRecord(
                digest(word), digest(f"blob of {word}"), 10 * len(word), 100 * len(word), 1, slot % 16
            )
            for slot, word in enumerate(words.split())
        ),
        containers=containers,
    )


def catalogue(*images: ImageRecord) -> Catalogue:
    """A catalogue of these images."""
    return Catalogue(images)
