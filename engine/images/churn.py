"""What the releases of a repository cost whoever follows them, from manifests and configs alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from engine.errors import LaminaError, Malformed, NotFound, NotSupported, Unavailable
from engine.images.moves import Churn, Release, ReleaseLayer
from engine.images.remote import RemoteImage, fetch_image
from engine.oci.digest import Digest
from engine.oci.quote import quoted
from engine.oci.reference import Reference
from engine.registry import RegistryClient
from engine.settings import Settings

_PARALLEL = 8  # images asked for at the same time
# Tags come without times: more of them are looked at than are shown, for their names order them badly.
_CANDIDATES = 3
_FEWEST_CANDIDATES = 30
_NO_IMAGE = (NotFound, NotSupported, Malformed)  # a tag that is not the image we look for


async def churn(
    settings: Settings, repository: str, *, last: int = 10, pattern: str = "*", platform: str = ""
) -> Churn:
    """What changed between the last tags of a repository; see `ImageService.churn`."""
    reference = Reference.parse(repository)
    async with RegistryClient(settings) as client:
        tags = [tag for tag in await client.tags(reference) if fnmatchcase(tag, pattern)]
        candidates = sorted(tags, key=natural)[-max(_CANDIDATES * last, _FEWEST_CANDIDATES) :]
        found, skipped = await _fetch_all(client, reference, candidates, platform)
    if not found:
        raise NotFound(
            f"{reference.repository} has no image among its {len(tags)} tags that match",
            hint=skipped[0] if skipped else "lamina tags lists the tags there are",
        )
    groups = _by_age(found)
    releases = [
        _release(group, before[0][1] if before else None)
        for before, group in zip([None, *groups], groups, strict=False)
    ]
    return Churn(reference.repository, len(tags), tuple(releases[-last:]), tuple(skipped))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts tags as people do: `9.6`, `10.1-rc1`, `10.1`, `10.1.2`."""
    return (*map(_part, re.findall(r"\d{1,18}|\D+", text, re.ASCII)), (0, 1, ""))


def _part(text: str) -> tuple[int, int, str]:
    if text.isdigit():
        return (1, int(text), "")
    # A further number comes after the version alone, which `(0, 1, "")` ends; a candidate before it.
    return (0, 2 if text.startswith(".") else 0, text)


async def _fetch_all(
    client: RegistryClient, reference: Reference, tags: Sequence[str], platform: str
) -> tuple[list[tuple[str, RemoteImage]], list[str]]:
    turns = asyncio.Semaphore(_PARALLEL)
    skipped: list[str] = []

    async def fetch(tag: str) -> tuple[str, RemoteImage] | None:
        async with turns:
            try:
                named = Reference(reference.domain, reference.path, tag)
                return tag, await fetch_image(client, named, platform)
            except _NO_IMAGE as error:
                skipped.append(f"{quoted(tag)[1:-1]}: {error.message}")
                return None

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetch(tag)) for tag in tags]
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    return [found for task in tasks if (found := task.result())], skipped


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    known = errors.subgroup(LaminaError)
    return known.exceptions[0] if known else Unavailable(str(errors.exceptions[0]))


def _by_age(found: list[tuple[str, RemoteImage]]) -> list[list[tuple[str, RemoteImage]]]:
    """Tags of one image together, the oldest image first."""
    groups: dict[Digest, list[tuple[str, RemoteImage]]] = {}
    for tag, image in found:
        groups.setdefault(image.id, []).append((tag, image))
    # Reproducible builds have no time, or all the same: then the names decide.
    return sorted(
        groups.values(), key=lambda group: (group[0][1].config.created or 0.0, natural(_main(group)[0]))
    )


def _main(group: list[tuple[str, RemoteImage]]) -> tuple[str, RemoteImage]:
    """The tag of an image that says most: `15.1` rather than `15` or `latest`."""
    return max(group, key=lambda named: (any(map(str.isdigit, named[0])), len(named[0]), named[0]))


def _release(group: list[tuple[str, RemoteImage]], before: RemoteImage | None) -> Release:
    tag, image = _main(group)
    had = set(before.config.diff_ids) if before else set()
    instructions = [entry.created_by for entry in image.config.history if not entry.empty_layer]
    if len(instructions) != len(image.config.diff_ids):
        instructions = [""] * len(image.config.diff_ids)  # a history that tells of other layers
    pairs = zip(image.manifest.layers, image.config.diff_ids, instructions, strict=True)
    layers = tuple(
        ReleaseLayer(position, blob.digest, diff_id, blob.size, diff_id not in had, created_by)
        for position, (blob, diff_id, created_by) in enumerate(pairs, 1)
    )
    sizes = {layer.diff_id: layer.descriptor.size for layer in image.layers}
    return Release(
        tag=tag,
        also=tuple(sorted((other for other, _ in group if other != tag), key=natural)),
        digest=image.manifest.digest,
        created=image.config.created,
        platform=str(image.config.platform),
        layers=layers,
        cost=sum(size for diff_id, size in sizes.items() if diff_id not in had),
        total=sum(sizes.values()),
        dropped=len(had - set(sizes)),
    )
