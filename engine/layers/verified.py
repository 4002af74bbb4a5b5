"""Reading a layer's archive such that nothing counts before blob and archive are what their digests say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.errors import DigestMismatch, LimitExceeded, Malformed
from engine.layers.blob import GrowingBlob
from engine.layers.blocks import BlockStream
from engine.layers.limits import Limits

_Result = TypeVar("_Result")
_AT_FAULT = "the registry or the way to it is at fault; try again, then try another one"


def read_verified(
    blob: GrowingBlob,
    media_type: str,
    digest: str,
    diff_id: str,
    limits: Limits,
    read: Callable[[BlockStream], _Result],
) -> _Result:
    """What `read` makes of the archive, once blob and archive are verified.

    :param digest: SHA-256 in hex that the blob must have; :param diff_id: that of the archive in it.
    :raises DigestMismatch: the blob or the archive in it is not what the manifest says.
    :raises Malformed: it is, and breaks its format.
    """
    try:
        with BlockStream(blob, media_type, limits) as stream:
            result = read(stream)
            found, _ = stream.finish()
    except (Malformed, LimitExceeded):
        # Bytes that were damaged on their way look like a malformed archive; say which of both it is.
        _verify(blob, digest)
        raise
    _verify(blob, digest)
    if found != diff_id:
        raise DigestMismatch(
            f"the layer unpacks to sha256:{found}, the image config says sha256:{diff_id}",
            hint="the image was put together wrongly; tell its publisher",
        )
    return result


def _verify(blob: GrowingBlob, wanted: str) -> None:
    digest = blob.digest()
    if digest != wanted:
        raise DigestMismatch(
            f"the layer's blob has the digest sha256:{digest}, the manifest says sha256:{wanted}",
            hint=_AT_FAULT,
        )
