"""What a lesson can measure: figures of the engine's real state, taken when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.errors import InvalidArgument, NotFound
from engine.lessons.actions import address_of, answer
from engine.lessons.figures import Figure, Unit, number
from engine.lessons.place import Place
from engine.lessons.vocabulary import measure

Figures = Mapping[str, Figure]
_LONGEST = 16 << 10  # bytes of a file that are read
_SHORT = 48  # characters of a command that stands for its output


def size(count: float) -> Figure:
    """Bytes."""
    return Figure(count, Unit.BYTES)


def count(what: int) -> Figure:
    """So many."""
    return Figure(what, Unit.COUNT)


def text(what: str) -> Figure:
    """Words."""
    return Figure(what, Unit.TEXT)


@measure(
    "id", "layers", "compressed", "unpacked", "unique", "shared", "files", "command", "user", "workdir",
    "env", "ports", "containers",
)  # fmt: skip
async def image(place: Place, *, image: str) -> Figures:
    """An image that is here: its sizes, how many layers and files it has, and how it starts."""
    detail = await place.engine.image(image)
    stack = await place.engine.tree(image)
    summary = detail.summary
    return {
        "id": text(summary.id.short),
        "layers": count(len(detail.layers)),
        "compressed": size(summary.compressed),
        "unpacked": size(summary.unpacked),
        "unique": size(summary.unique),
        "shared": size(summary.shared),
        "files": count(len(stack)),
        "command": text(" ".join((*detail.entrypoint, *detail.cmd))),
        "user": text(detail.user or "root"),
        "workdir": text(detail.workdir or "/"),
        "env": text(" ".join(detail.env)),
        "ports": text(" ".join(detail.exposed_ports)),
        "containers": count(summary.containers),
    }


@measure("compressed", "unpacked", "entries", "instruction", "others", "merged")
async def layer(place: Place, *, image: str, position: int) -> Figures:
    """One layer of an image, counted from the base: its sizes, its maker, and the tree merged up to it."""
    detail = await place.engine.image(image)
    if not 1 <= position <= len(detail.layers):
        raise NotFound(f"{image} has no layer {position}, it has {len(detail.layers)}")
    row = detail.layers[position - 1]
    return {
        "compressed": size(row.compressed),
        "unpacked": size(row.unpacked),
        "entries": count(row.entries),
        "instruction": text(row.created_by),
        "others": count(len(row.used_by)),
        "merged": count(len(await place.engine.tree(image, position))),
    }


@measure("fetch", "total", "disk", "missing", "here")
async def plan(place: Place, *, image: str) -> Figures:
    """What a pull of an image would fetch, said before anything travels."""
    found = await place.engine.plan(image)
    here = sum(layer.here for layer in found.layers)
    return {
        "fetch": size(found.fetch_bytes),
        "total": size(found.total_bytes),
        "disk": size(found.disk_bytes),
        "missing": count(len(found.layers) - here),
        "here": count(here),
    }


@measure()
async def travelled(place: Place) -> Figure:
    """Bytes of blobs that the lesson's registries sent since `count_from_here`, by their own count."""
    return size(sum(place.travelled().values()))


@measure("status", "pid", "code", "image", "address", "restarts")
async def container(place: Place, *, container: str, port: int = 0) -> Figures:
    """A container: how it stands, the pid of its first process as the host sees it, its published address."""
    found = await place.engine.container(container)
    return {
        "status": text(found.status),
        "pid": text(str(found.pid)),
        "code": count(-1 if found.exit_code is None else found.exit_code),
        "image": text(found.image_id.short),
        "restarts": count(found.restarts),
        "address": text(await address_of(place, container, port) if port else ""),
    }


@measure("disk", "changes", "new", "copied", "deleted")
async def writable_layer(place: Place, *, container: str) -> Figures:
    """What a container has written: bytes on disk, and how many paths are new, copied up, deleted."""
    view = await place.engine.overlay(container)
    effects = [str(change.effect) for change in view.changes]
    return {
        "disk": size(view.disk),
        "changes": count(len(effects)),
        "new": count(effects.count("new")),
        "copied": count(effects.count("copied up")),
        "deleted": count(effects.count("deleted")),
    }


@measure("effect", "size", "cost")
async def written(place: Place, *, container: str, path: str) -> Figures:
    """What a container did to one path, the file's size, and what it costs in the writable layer."""
    view = await place.engine.overlay(container)
    for change in view.changes:
        if change.path == path:
            return {"effect": text(change.effect), "size": size(change.size), "cost": size(change.cost)}
    raise NotFound(f"{container} has not written to {path}")


@measure("size", "layer", "text")
async def file_of_image(place: Place, *, image: str, path: str, layers: int = 0) -> Figures:
    """A file of an image, or of its lowest layers alone: its size, which layer it is from."""
    stack = await place.engine.tree(image, layers or None)
    row = stack.row(stack.follow(path))
    return {"size": size(row.size), "layer": count(row.position), "text": text(row.path)}


@measure()
async def file_of_container(place: Place, *, container: str, path: str) -> Figure:
    """The text of a file as a container sees it."""
    return text((await place.engine.read_container(container, path, _LONGEST)).decode("utf-8", "replace"))


@measure()
async def file_of_volume(place: Place, *, volume: str, path: str) -> Figure:
    """The text of a file of a volume."""
    return text((await place.engine.read_volume(volume, path, _LONGEST)).decode("utf-8", "replace"))


@measure()
async def http(place: Place, *, container: str, port: int = 8000) -> Figure:
    """What a container answers at its published port."""
    return text(await answer(place, container, port))


@measure("images", "layers", "containers", "running", "unpacked", "saved")
async def store(place: Place) -> Figures:
    """The lesson's whole store: what is in it, and what sharing layers saves."""
    found = (await place.engine.info()).totals
    return {
        "images": count(found.images),
        "layers": count(found.layers),
        "containers": count(found.containers),
        "running": count(found.running),
        "unpacked": size(found.unpacked),
        "saved": size(found.saved),
    }


@measure("host", "kernel", "cpus", "memory")
async def machine(place: Place) -> Figures:
    """The machine that the lesson runs on."""
    info = await place.engine.info()
    return {
        "host": text(info.name),
        "kernel": text(info.kernel),
        "cpus": count(info.cpus),
        "memory": size(info.memory),
    }


@measure()
async def ratio(place: Place, *, of: str) -> Figure:
    """The first of two measured figures divided by the second: `of = "a.x, b.y"`."""
    first, second = _pair(place, of)
    return Figure(number(first) / number(second) if number(second) else math.nan, Unit.RATIO)


@measure()
async def difference(place: Place, *, of: str) -> Figure:
    """The first of two measured figures less the second: `of = "a.x, b.y"`."""
    first, second = _pair(place, of)
    value = number(first) - number(second)
    return Figure(int(value) if value.is_integer() else value, first.unit)


def named(place: Place, of: str) -> list[tuple[str, Figure]]:
    """The figures of names with commas between. :raises NotFound: one was not measured."""
    names = [name.strip() for name in of.split(",") if name.strip()]
    for name in names:
        if name not in place.figures:
            raise NotFound(f"{name} was not measured")
    return [(name, place.figures[name]) for name in names]


def called(place: Place, name: str) -> str:
    """What a figure is, as a person would say it: of a command's its command, else its name."""
    of, _, key = name.partition(".")
    command = place.commands.get(of, "").replace("`", "'")
    command = f"`{command if len(command) <= _SHORT else command[: _SHORT - 1] + '…'}`"
    said = {"said": command, "code": f"the exit code of {command}", "seconds": f"the time of {command}"}
    return said.get(key, name) if of in place.commands else name


def _pair(place: Place, of: str) -> tuple[Figure, Figure]:
    found = named(place, of)
    if len(found) != 2:
        raise InvalidArgument(f"{of!r} must name two figures")
    return found[0][1], found[1][1]
