"""Words that follow a request from a port of the host into a container."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from engine.errors import NotFound, NotSupported
from engine.lessons.actions import address_of, answer
from engine.lessons.figures import Figure, Unit
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, Found, action, check

if TYPE_CHECKING:
    from engine.network.path import Hop
    from engine.runtime.usage import Traffic

_PUBLISHED = "published"  # what the rule for a published port begins with


@action("answer", "port", "rule", "bridge", "pair", "interface", "address", "came", "went")
async def follow_request(place: Place, *, container: str, port: int = 8000) -> Done:
    """Ask a container at its published port, and tell what the request passed, and how many bytes."""
    path = (await place.engine.packet_paths(container) or [None])[0]
    if path is None:
        raise NotFound(f"{container} is on no network of its own")
    before = await _traffic(place, container)
    said = await answer(place, container, port)
    after = await _traffic(place, container)
    hops = {hop.kind: hop for hop in reversed(path.hops)}
    figures = {
        "answer": Figure(said),
        "port": Figure(await address_of(place, container, port)),
        "rule": Figure(_rule(path.hops).detail),
        "bridge": Figure(hops["bridge"].name),
        "pair": Figure(hops["pair"].name),
        "interface": Figure(hops["interface"].name),
        "address": Figure(path.endpoint.address),
        "came": Figure(after.inward - before.inward, Unit.BYTES),
        "went": Figure(after.outward - before.outward, Unit.BYTES),
    }
    return Done(f"{figures['came']} came in at {figures['interface']}, {figures['went']} went out", figures)


@check
async def way_is_there(place: Place, *, container: str) -> Found:
    """The interface, pair, bridge and rule that lead to a container's published port are there."""
    paths = await place.engine.packet_paths(container)
    for path in paths:
        hops = [*(hop for hop in path.hops if hop.kind in ("interface", "pair", "bridge")), _rule(path.hops)]
        missing = [hop.kind for hop in hops if not hop.up]
        return Found(
            not missing, f"missing: {', '.join(missing)}" if missing else "every part of the way is there"
        )
    return Found(False, f"{container} is on no network")


def _rule(hops: tuple[Hop, ...]) -> Hop:
    for hop in hops:
        if hop.kind == "rules" and hop.detail.startswith(_PUBLISHED):
            return hop
    raise NotFound("no port of the host leads there")


async def _traffic(place: Place, container: str) -> Traffic:
    async with aclosing(place.engine.stats([container])) as samples:
        async for sample in samples:
            if (network := sample[0].network) is not None:
                return network
            break
    raise NotSupported("this machine does not show a container's network traffic")
