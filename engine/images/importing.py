"""A root file system's archive as an image of one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import InvalidArgument, Malformed
from engine.images.changing import apply_changes
from engine.images.making import Draft, LayerSink, MadeImage, make_image
from engine.images.parts import Parts
from engine.layers.compression import Source, inflate
from engine.layers.limits import Limits, too_large
from engine.oci.platform import Platform

_STEP = 1 << 20


async def import_archive(
    parts: Parts, source: Source, reference: str, *, message: str, changes: Sequence[str], platform: str
) -> MadeImage:
    """Make an image of a tar archive, packed with gzip or zstd or not.

    :param changes: in the words of a Dockerfile.
    :raises Malformed: it is no archive. :raises InvalidArgument: it is empty, or a change cannot be meant.
    """
    chosen = Platform.parse(platform) if platform else Platform.host()
    config: dict[str, Any] = {
        "architecture": chosen.architecture,
        "os": chosen.os,
        **({"variant": chosen.variant} if chosen.variant else {}),
        "config": apply_changes({}, tuple(changes)),
    }
    history: dict[str, object] = {"comment": message or "Imported from -"}

    def write(sink: LayerSink) -> int:
        _copy(source, sink)
        return 1

    return await make_image(parts, Draft(config, (), history, reference), write, "import")


def _copy(source: Source, sink: LayerSink) -> None:
    if not source.peek(1):
        raise InvalidArgument(
            "the archive is empty", hint="give what lamina export, docker export or tar wrote"
        )
    limits = Limits()
    stream = inflate(source, limits=limits)
    buffer = memoryview(bytearray(_STEP))
    while size := stream.readinto(buffer):
        if not sink.size and buffer[257:262].tobytes() not in (b"ustar", bytes(5)):
            raise Malformed(
                "this is no tar archive", hint="give what lamina export, docker export or tar wrote"
            )
        sink.write(buffer[:size])
        if sink.size > limits.unpacked:
            raise too_large(limits)
