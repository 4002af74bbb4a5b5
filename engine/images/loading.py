"""Loading images from an archive: what a pull does, with an archive in the registry's place."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DigestMismatch, Malformed
from engine.images.archive_models import LoadedImage, LoadResult
from engine.images.arriving import OnProgress, bring_all, commit, leased_image, notes_of
from engine.images.bundled import BundledImage, read_contents
from engine.images.models import PullPlan
from engine.images.naming import familiar
from engine.images.offload import settled
from engine.images.opening import opened, told_of
from engine.images.parts import Parts
from engine.images.sweeping import sweep_leftovers
from engine.images.transfer import Transfer
from engine.images.trouble import disk_trouble
from engine.oci.descriptor import Descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator

OnPlan = Callable[[PullPlan], None]
_CHUNK = 512 << 10
_DAMAGED = "the archive is damaged, or was put together wrongly; make it anew"


async def load(
    parts: Parts,
    source: Path | int,
    platform: str = "",
    on_plan: OnPlan | None = None,
    on_progress: OnProgress | None = None,
) -> LoadResult:
    """Bring the images of an archive here; see `ImageService.load`."""
    begun = time.monotonic()
    with _in_words():
        await settled(lambda: sweep_leftovers(parts))
        archive = opened(parts.layout, source)
        bundle = await settled(archive.__enter__)
        try:
            with told_of(source):
                contents = await settled(lambda: read_contents(bundle, platform))
            notes = list(contents.notes)
            images = [await _load(parts, each, on_plan, on_progress, notes) for each in contents.images]
        finally:
            archive.__exit__(None, None, None)
    return LoadResult(tuple(images), time.monotonic() - begun, tuple(dict.fromkeys(notes)))


async def _load(
    parts: Parts,
    bundled: BundledImage,
    on_plan: OnPlan | None,
    on_progress: OnProgress | None,
    notes: list[str],
) -> LoadedImage:
    image = bundled.image
    async with leased_image(parts, image) as made:
        if on_plan is not None:
            on_plan(made)
        transfer = Transfer(
            parts.layout, parts.layers, _fetcher(bundled), parts.settings.parallel_downloads, keep=False
        )
        arrivals = await bring_all(transfer, image, on_progress)
        changed = await settled(lambda: commit(parts, image, arrivals, "load", bundled.names))
    notes += notes_of(arrivals)
    return LoadedImage(
        id=image.id,
        names=tuple(map(familiar, bundled.names)),
        platform=made.platform,
        read_bytes=sum(arrival.fetched for arrival in arrivals.values()),
        unpacked_bytes=sum(arrival.unpacked for arrival in arrivals.values()),
        changed=changed,
    )


def _fetcher(bundled: BundledImage) -> Callable[[Descriptor, int], AsyncGenerator[bytes, None]]:
    async def fetch(descriptor: Descriptor, offset: int) -> AsyncGenerator[bytes, None]:
        piece = bundled.pieces.get(descriptor.digest)
        if piece is None:
            raise Malformed(f"the archive lacks the layer {descriptor.digest}", hint="pull the image instead")
        while offset < descriptor.size:
            place = offset
            chunk = await settled(lambda: piece.at(place, _CHUNK))  # noqa: B023  it is awaited here
            offset += len(chunk)
            yield chunk

    return fetch


@contextmanager
def _in_words() -> Iterator[None]:
    """Errors of the layer helpers speak of registries, those of the disk of numbers."""
    try:
        yield
    except DigestMismatch as error:
        raise DigestMismatch(error.message, hint=_DAMAGED) from error
    except OSError as error:
        raise disk_trouble(error) from error
