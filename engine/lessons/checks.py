"""What a lesson can check: always the engine's real state, never what somebody said he did."""

from __future__ import annotations

from itertools import zip_longest

from engine.errors import InvalidArgument, LaminaError, NotFound
from engine.lessons.actions import answer
from engine.lessons.figures import Figure, number, one_line
from engine.lessons.measures import called, named
from engine.lessons.place import Place
from engine.lessons.vocabulary import Effect, Found, Status, check

_LONGEST = 16 << 10  # bytes of a file that are read


@check
async def image_is_here(place: Place, *, image: str) -> Found:
    """The store has the image."""
    try:
        found = await place.engine.image(image)
    except NotFound:
        return Found(False, f"{image} is not here")
    return Found(True, f"{image} is here, with id {found.summary.id.short}")


@check
async def image_is_gone(place: Place, *, image: str) -> Found:
    """The store has no such image."""
    found = await image_is_here(place, image=image)
    return Found(not found.ok, found.said)


@check
async def same_image(place: Place, *, image: str, other: str) -> Found:
    """Two names stand for one image."""
    first = (await place.engine.image(image)).summary.id.short
    second = (await place.engine.image(other)).summary.id.short
    return Found(first == second, f"{image} is {first}, {other} is {second}")


@check
async def shared_layers(place: Place, *, image: str, other: str, at_least: int = 1) -> Found:
    """Two images have at least so many layers in common."""
    first = {row.diff_id for row in (await place.engine.image(image)).layers}
    common = len(first & {row.diff_id for row in (await place.engine.image(other)).layers})
    return Found(common >= at_least, f"{image} and {other} have {common} layers in common")


@check
async def container_is(place: Place, *, container: str, status: Status, code: int = -1) -> Found:
    """A container is created, running, paused or exited, as said; exited with a code where one is given."""
    try:
        found = await place.engine.container(container)
    except NotFound:
        return Found(False, f"there is no container {container}")
    right = found.status == status and (code < 0 or found.exit_code == code)
    ended = f" with code {found.exit_code}" if found.exit_code is not None else ""
    return Found(right, f"{container} is {found.status}{ended}")


@check
async def container_runs_image(place: Place, *, container: str, image: str) -> Found:
    """A running container stands on an image, whatever it is called now."""
    found = await place.engine.container(container)
    wanted = (await place.engine.image(image)).summary.id
    right = found.image_id == wanted and found.status == "running"
    return Found(right, f"{container} is {found.status} on {found.image_id.short}; {image} is {wanted.short}")


@check
async def container_is_gone(place: Place, *, container: str) -> Found:
    """There is no such container."""
    names = [found.name for found in await place.engine.containers()]
    return Found(container not in names, f"there {'is' if container in names else 'is no'} {container}")


@check
async def containers_are(place: Place, *, count: int, status: Status = "") -> Found:
    """So many containers exist, of one status where that is said."""
    found = [each for each in await place.engine.containers() if status in ("", each.status)]
    many = "1 container" if len(found) == 1 else f"{len(found)} containers"
    return Found(len(found) == count, f"{many} {status or 'in all'}")


@check
async def path_was(place: Place, *, container: str, path: str, effect: Effect) -> Found:
    """What a container did to a path: new, copied up, attributes, replaced, deleted, made opaque or none."""
    view = await place.engine.overlay(container)
    found = next((str(change.effect) for change in view.changes if change.path == path), "none")
    said = "not touched" if found == "none" else found
    return Found(found == effect, f"{path} in the writable layer of {container}: {said}")


@check
async def file_in_image(
    place: Place, *, image: str, path: str, layers: int = 0, there: bool = True, position: int = 0
) -> Found:
    """An image (or its lowest layers) has a file, or has it not, seen from the layer at a position."""
    stack = await place.engine.tree(image, layers or None)
    of = f"{image} up to layer {layers}" if layers else image
    try:
        row = stack.row(stack.require(path))
    except NotFound:
        return Found(not there, f"{path} is not in {of}")
    right = there and position in (0, row.position)
    return Found(right, f"{path} in {of} is from layer {row.position}")


@check
async def file_in_container(
    place: Place, *, container: str, path: str, text: str = "", there: bool = True
) -> Found:
    """A container sees a file that holds a text, or sees it not."""
    try:
        data = await place.engine.read_container(container, path, _LONGEST)
    except NotFound:
        return Found(not there, f"{container} has no {path}")
    said = data.decode("utf-8", "replace")
    return Found(there and text in said, f"{path} in {container} says: {_line_with(said, text)}")


@check
async def file_in_volume(place: Place, *, volume: str, path: str, text: str = "") -> Found:
    """A volume has a file that holds a text."""
    try:
        data = await place.engine.read_volume(volume, path, _LONGEST)
    except NotFound:
        return Found(False, f"volume {volume} has no {path}")
    said = data.decode("utf-8", "replace")
    return Found(text in said, f"{path} in volume {volume} says: {_line_with(said, text)}")


@check
async def answers(place: Place, *, container: str, text: str, port: int = 8000) -> Found:
    """A container answers HTTP at its published port, and the answer holds a text."""
    said = await answer(place, container, port)
    return Found(text in said, f"{container} answers: {_line_with(said, text)}")


@check
async def network_is_here(place: Place, *, network: str) -> Found:
    """There is a network of the name."""
    names = [row.network.name for row in await place.engine.networks()]
    return Found(network in names, f"networks: {', '.join(names)}")


@check
async def volume_is_here(place: Place, *, volume: str, there: bool = True) -> Found:
    """There is a volume of the name, or there is not."""
    try:
        await place.engine.volume(volume)
    except NotFound:
        return Found(not there, f"there is no volume {volume}")
    return Found(there, f"there is volume {volume}")


@check
async def registry_has(place: Place, *, repository: str, tag: str) -> Found:
    """The lesson's private registry has a tag."""
    if place.private is None:
        return Found(False, "there is no private registry yet")
    try:
        tags = await place.engine.tags(f"{place.private.address}/{repository}")
    except LaminaError as error:
        return Found(False, error.message)
    return Found(tag in tags, f"{repository} there: {', '.join(tags)}")


@check
async def says(place: Place, *, of: str, text: str) -> Found:
    """A measured text holds a text."""
    name, figure = named(place, of)[0]
    there = text in str(figure.value)
    return Found(there, f"{called(place, name)} {'says' if there else 'does not say'} {text!r}")


@check
async def says_not(place: Place, *, of: str, text: str) -> Found:
    """A measured text does not hold a text."""
    found = await says(place, of=of, text=text)
    return Found(not found.ok, found.said)


@check
async def same(place: Place, *, of: str, within: float = 0.0) -> Found:
    """Two measured figures are equal, or differ by so many percent at most."""
    (first, a), (second, b) = _two(place, of)
    if isinstance(a.value, str) and isinstance(b.value, str):
        return Found(a.value == b.value, f"{first} {a}, {second} {b}")
    near = abs(number(a) - number(b)) <= abs(number(b)) * within / 100
    return Found(near, f"{first} {a}, {second} {b}")


@check
async def more(place: Place, *, of: str, times: float = 1.0) -> Found:
    """The first of two measured figures is more than the second, or more than so many times the second."""
    (first, a), (second, b) = _two(place, of)
    ok = number(a) > number(b) * times
    by = f" {times:g} times" if times != 1 else ""
    return Found(
        ok, f"{first} {a}, {'' if ok else 'not '}more than{by} {b}, which is {second.removesuffix(' is')}"
    )


@check
async def at_most(place: Place, *, of: str, value: float) -> Found:
    """A measured figure is at most a value, in bytes, seconds or plain numbers."""
    name, figure = named(place, of)[0]
    return _bound(
        called(place, name), figure, number(figure) <= value, f"at most {Figure(value, figure.unit)}"
    )


@check
async def at_least(place: Place, *, of: str, value: float) -> Found:
    """A measured figure is at least a value, in bytes, seconds or plain numbers."""
    name, figure = named(place, of)[0]
    return _bound(
        called(place, name), figure, number(figure) >= value, f"at least {Figure(value, figure.unit)}"
    )


@check
async def differ(place: Place, *, of: str) -> Found:
    """Two measured figures are not the same, texts too."""
    (first, a), (second, b) = _two(place, of)
    if a.value == b.value:
        return Found(False, f"{first} {a}, {second} the same")
    left, right = _first_apart(a, b)
    return Found(True, f"{first} {left}, {second} {right}")


def _two(place: Place, of: str) -> list[tuple[str, Figure]]:
    """Two figures, each with what it is and "is", or "says"."""
    found = named(place, of)
    if len(found) != 2:
        raise InvalidArgument(f"{of!r} must name two figures")
    return [
        (f"{called(place, name)} {'says' if name.endswith('.said') else 'is'}", figure)
        for name, figure in found
    ]


def _bound(name: str, figure: Figure, ok: bool, bound: str) -> Found:
    return Found(ok, f"{name} is {figure}, {bound}" if ok else f"{name} is {figure}, and must be {bound}")


def _first_apart(first: Figure, second: Figure) -> tuple[str, str]:
    """Two figures, of texts the first lines in which they differ."""
    if isinstance(first.value, str) and isinstance(second.value, str):
        for a, b in zip_longest(first.value.splitlines(), second.value.splitlines(), fillvalue=""):
            if a != b:
                return one_line(a) or "nothing", one_line(b) or "nothing"
    return str(first), str(second)


def _line_with(said: str, text: str) -> str:
    """The line of a text that holds what was looked for, else its first."""
    lines = said.strip().splitlines() or [""]
    return one_line(next((line for line in lines if text in line), lines[0]))
