"""Words about what travels: the speed of the link, and what was sent over it."""

from __future__ import annotations

from engine.errors import InvalidArgument
from engine.lessons.figures import Figure, Unit, number
from engine.lessons.measures import Figures, named, plan
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, action, measure


@action("speed")
async def throttle(place: Place, *, speed: int) -> Done:
    """Hold the link of the lesson's registries to a speed in bytes a second; 0 lets it run free."""
    place.link.set_speed(speed)
    figure = Figure(speed, Unit.RATE)
    said = f"the link carries {figure} from now on" if speed else "the link is as fast as the machine again"
    return Done(said, {"speed": figure})


@action("layers", "settings", "bytes")
async def note_travelled(place: Place, *, image: str) -> Done:
    """Note what the registries sent since the last count, an image's layers and all else, and count anew."""
    sent = place.travelled()
    # The plan asks for the image's settings again, which is not to be counted.
    layers = {layer.digest for layer in (await place.engine.plan(image)).layers}
    place.counted = place.sent()
    of_layers = sum(count for digest, count in sent.items() if digest in layers)
    figures = {
        "layers": Figure(of_layers, Unit.BYTES),
        "settings": Figure(sent.total() - of_layers, Unit.BYTES),
        "bytes": Figure(sent.total(), Unit.BYTES),
    }
    return Done(f"the registry has sent {figures['bytes']} for {image}", figures)


@action("fetch", "total", "disk", "missing", "here")
async def note_plan(place: Place, *, image: str) -> Done:
    """Note what a pull of an image would fetch, before anything travels."""
    figures: Figures = await plan(place, image=image)
    return Done(f"a pull of {image} would fetch {figures['fetch']}", figures)


@measure()
async def least_time(place: Place, *, of: str) -> Figure:
    """The time below which no link of a speed can carry so many bytes: `of = "sent.bytes, link.speed"`."""
    found = named(place, of)
    if len(found) != 2:
        raise InvalidArgument(f"{of!r} must name bytes and a speed")
    (_, size), (_, speed) = found
    if not number(speed):
        raise InvalidArgument(f"{of!r}: a link without a speed needs no time")
    return Figure(number(size) / number(speed), Unit.SECONDS)
