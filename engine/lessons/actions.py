"""What a lesson can have done beside commands of `lamina`."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request

from engine.errors import Conflict, NotFound, Unavailable
from engine.lessons.figures import Figure, Unit
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, action

_BODY = 64 << 10  # bytes of an answer that are read
_ANSWER = 20  # seconds that a program has to answer


@action()
async def count_from_here(place: Place) -> Done:
    """Count what travels from the lesson's registries from now on; the measure `travelled` tells it."""
    place.counted = place.sent()
    return Done("counting what the registry sends")


@action("seconds")
async def wait_for_answer(place: Place, *, container: str, port: int = 8000) -> Done:
    """Wait until a container answers HTTP at its published port."""
    began = time.monotonic()
    said = await answer(place, container, port)
    return Done(f"{container} answers: {said.strip()[:60]}", {"seconds": since(began)})


@action("seconds")
async def wait_for_end(place: Place, *, container: str) -> Done:
    """Wait until a container has ended."""
    began = time.monotonic()
    async with asyncio.timeout(_ANSWER):
        code = await place.engine.wait(container)
    return Done(f"{container} ended with code {code}", {"seconds": since(began)})


@action("seconds")
async def wait_for_restart(place: Place, *, container: str) -> Done:
    """Wait until a container's monitor has started it again by itself."""
    began = time.monotonic()
    while not (await place.engine.container(container)).restarts:
        if time.monotonic() - began > _ANSWER:
            raise Unavailable(f"{container} was not started again")
        await asyncio.sleep(0.1)
    return Done(f"{container} was started again by its monitor", {"seconds": since(began)})


@action()
async def private_registry(place: Place, *, user: str, password: str) -> Done:
    """Start an empty registry of the lesson's own that takes images and wants a login: {place.private}."""
    from engine.registry import EmbeddedRegistry, RegistryDirectory
    from engine.registry.credentials import Credential

    if place.private is not None:
        raise Conflict("the private registry serves already")
    directory = RegistryDirectory(place.settings.root / "private")
    registry = EmbeddedRegistry(
        directory, writable=True, credential=Credential(user, password), link=place.link
    )
    await registry.start()
    place.closing.push_async_callback(registry.close)
    place.private = registry
    return Done(f"a registry serves at {registry.address}")


def since(began: float) -> Figure:
    """The time that has passed since a moment of the monotonic clock."""
    return Figure(time.monotonic() - began, Unit.SECONDS)


async def address_of(place: Place, container: str, port: int) -> str:
    """The `host:port` that leads to a container's port. :raises NotFound: none does."""
    # The list tells of ports; one container alone does not.
    rows = [row for row in await place.engine.containers() if row.name == container]
    for published in (published for row in rows for published in row.ports):
        if published.target == port:
            return f"127.0.0.1:{published.port}"
    raise NotFound(f"no port of the host leads to port {port} of {container}")


async def answer(place: Place, container: str, port: int) -> str:
    """What a container answers to HTTP. :raises Unavailable: nothing, for too long."""
    address = await address_of(place, container, port)
    deadline = time.monotonic() + _ANSWER
    while True:
        try:
            return await asyncio.to_thread(_get, f"http://{address}/")
        except OSError as error:
            if time.monotonic() > deadline:
                raise Unavailable(f"{container} does not answer at {address}: {error}") from error
        await asyncio.sleep(0.05)


def _get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as found:
        return str(found.read(_BODY).decode("utf-8", "replace"))
