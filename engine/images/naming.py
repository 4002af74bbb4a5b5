"""Which image a person means: by reference, by id, or by the first digits of its id."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import Conflict, InvalidArgument, NotFound
from engine.images.catalogue import Catalogue, ImageRecord
from engine.oci.quote import quoted
from engine.oci.reference import Reference

_HEX = frozenset("0123456789abcdef")


class Match(NamedTuple):
    """An image, and the canonical reference it was found by; "" when by its id."""

    image: ImageRecord
    name: str


def find(catalogue: Catalogue, text: str) -> Match:
    """The image that `text` names; a name wins over an id that begins with the same letters.

    :raises NotFound: there is none.
    :raises Conflict: several ids begin so.
    :raises InvalidArgument: it is neither a reference nor an id.
    """
    try:
        reference = Reference.parse(text)
    except InvalidArgument:
        if not _digits(text):
            raise
        match = _by_id(catalogue, text)
        hint = "lamina images shows what is here"
    else:
        match = _by_reference(catalogue, reference) or _by_id(catalogue, text)
        hint = f"lamina images shows what is here; lamina pull {reference.familiar} would bring it"
    if match is None:
        raise NotFound(f"no image here is called {quoted(text)[1:-1]}", hint=hint)
    return match


def stored_name(reference: Reference) -> str:
    """What a pulled image is filed under: by its tag, or by its digest where one was given."""
    if reference.digest is None:
        return str(reference)
    return str(Reference(reference.domain, reference.path, None, reference.digest))


def familiar(name: str) -> str:
    """The shortest form of a stored name."""
    return Reference.parse(name).familiar


def label(image: ImageRecord) -> str:
    """One name of an image for people; the start of its id where it has none."""
    return min(map(familiar, image.names), default=image.id.short)


def _by_reference(catalogue: Catalogue, reference: Reference) -> Match | None:
    name = stored_name(reference)
    if name in catalogue.by_name:
        return Match(catalogue.by_name[name], name)
    if reference.digest is None:
        return None
    # An image pulled by its tag can also be named by the digest of its manifest.
    for image in catalogue.images:
        if image.manifest_digest == reference.digest:
            for name in image.names:
                if Reference.parse(name).repository == reference.repository:
                    return Match(image, "")
    return None


def _by_id(catalogue: Catalogue, text: str) -> Match | None:
    digits = _digits(text)
    found = [image for image in catalogue.images if digits and image.id.hex.startswith(digits)]
    if len(found) > 1:
        ids = ", ".join(image.id.short for image in found[:4])
        raise Conflict(f"several images have an id that begins with {digits}: {ids}", hint="give more digits")
    return Match(found[0], "") if found else None


def _digits(text: str) -> str:
    digits = text.removeprefix("sha256:")
    return digits if 0 < len(digits) <= 64 and _HEX.issuperset(digits) else ""
