"""The scratch store of lessons: one at a time, swept before and after, whoever was killed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from engine.engine import Engine
from engine.errors import Conflict, LaminaError
from engine.lab.models import LabProgress
from engine.lessons.models import Value
from engine.lessons.place import Place
from engine.settings import Settings, load_settings
from engine.store.layout import Layout
from engine.store.locks import lock

_PREFIX = "docker.io/lab/"


def lesson_settings(outer: Settings) -> Settings:
    """The settings of the scratch store that belongs to a store."""
    root = outer.root / "lab" / "lesson"
    return load_settings(root, with_file=False)._replace(
        credential_files=(root / "config" / "credentials.json",), certificate_directories=()
    )


def _unheard(_: LabProgress) -> None:
    """Nobody wants to know."""


@contextlib.asynccontextmanager
async def opened(
    outer: Settings, given: Mapping[str, Value], tell: Callable[[LabProgress], None] = _unheard
) -> AsyncIterator[Place]:
    """A fresh place for a lesson; everything in it is gone at the end.

    :param outer: of the learner's store, which only lends its lock and keeps the sample images.
    :param tell: called in another thread with each sample image that is being made.
    :raises Conflict: a lesson runs on this store already.
    """
    settings = lesson_settings(outer)
    layout = Layout.of(outer)
    await asyncio.to_thread(layout.create)
    (outer.root / "lab").mkdir(mode=0o700, exist_ok=True)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(lock(layout, "lesson", timeout=0))
        except Conflict as error:
            raise Conflict(
                "a lesson is running on this store already", hint="end it first, by q there"
            ) from error
        await sweep(settings)
        place = await _whole(outer, settings, given, tell)
        try:
            yield place
        finally:
            await asyncio.shield(_close(place))


async def reset(outer: Settings) -> None:
    """Remove what a lesson that was killed left. :raises Conflict: a lesson is running."""
    if lesson_settings(outer).root.exists():
        layout = Layout.of(outer)
        try:
            with lock(layout, "lesson", timeout=0):
                await sweep(lesson_settings(outer))
        except Conflict as error:
            raise Conflict("a lesson is running on this store", hint="end it first, by q there") from error


async def sweep(settings: Settings) -> None:
    """Remove a scratch store: containers, networks, bridges, files."""
    if not settings.root.exists():
        return
    if (settings.root / "lamina.db").exists():
        await _empty(Engine(settings))
    await asyncio.to_thread(_remove, settings.root)


async def _empty(engine: Engine) -> None:
    for container in await engine.containers():
        with contextlib.suppress(LaminaError):
            await engine.remove(container.name, force=True)
    with contextlib.suppress(LaminaError):
        await engine.prune_networks()  # all are unused now; the default one loses its bridge


def _remove(root: Path) -> None:
    from engine.layers.removal import remove_tree

    remove_tree(root)


async def _whole(
    outer: Settings, settings: Settings, given: Mapping[str, Value], tell: Callable[[LabProgress], None]
) -> Place:
    """A place that is made, or nothing of it: who leaves meanwhile waits until it can be removed."""
    making = asyncio.ensure_future(_made(outer, settings, given, tell))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.wait({making})
        if not making.cancelled() and making.exception() is None:
            await _close(making.result())
        else:
            await sweep(settings)
        raise


async def _made(
    outer: Settings, settings: Settings, given: Mapping[str, Value], tell: Callable[[LabProgress], None]
) -> Place:
    from engine.lab.lesson_images import make_lesson_images
    from engine.registry import EmbeddedRegistry, RegistryDirectory
    from engine.registry.link import Link
    from engine.registry.served import announce

    def prepare() -> Path:
        with lock(Layout.of(outer), "lab"):
            images = make_lesson_images(outer.root, tell)
        Layout.of(settings).create()
        (settings.root / "config").mkdir(mode=0o700)
        return images

    images = await asyncio.to_thread(prepare)
    link = Link()
    registry = EmbeddedRegistry(RegistryDirectory(images), link=link)
    place = Place(settings, registry, given, images, link)
    try:
        await registry.start()
        place.closing.push_async_callback(registry.close)
        held = await asyncio.to_thread(announce, settings.run, _PREFIX, registry.address)
        place.closing.callback(os.close, held)
    except BaseException:
        await _close(place)
        raise
    return place


async def _close(place: Place) -> None:
    try:
        await place.closing.aclose()
    finally:
        await sweep(place.settings)
