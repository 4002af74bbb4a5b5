"""Starting a container's image once more, as a virtual machine with a kernel of its own."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine.containers.models import ContainerOptions
from engine.errors import InvalidArgument, NotFound, NotSupported
from engine.lab.machine.disk import Disk, make_disk
from engine.lab.machine.emulator import memory_of
from engine.lab.machine.guest import Program, guest_of
from engine.lab.machine.parts import Parts, find_parts
from engine.lab.machine.running import Machine, booted
from engine.launch.identity import Identity, UnknownUser, resolve
from engine.lessons.events import Picture, Role, Span
from engine.lessons.figures import Figure, Unit
from engine.lessons.footprints import rows
from engine.lessons.measures import Figures, count, size, text
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, Found, StepNotSupported, action, check, measure
from engine.runtime.processes import status_of

_LARGEST_FILE = 8 << 20  # bytes of passwd or group that are read
_KIB = 1024
_NAME = "lab-machine"
_REDRAW = 0.2  # seconds


@action("size", "entries", "seconds")
async def make_machine_disk(place: Place, *, image: str) -> Done:
    """Make a disk for a virtual machine of all files of an image, and of how it is started."""
    _parts()
    began = time.monotonic()
    directory = place.settings.root / "machine"
    directory.mkdir(mode=0o700, exist_ok=True)
    files = directory / "files.tar"
    async with _container(place, image) as name:
        program = await _program(place, name)
        with files.open("wb") as output:
            await place.engine.export(name, output.fileno())
    try:
        place.disk = await asyncio.to_thread(_made, program, files, directory / "disk")
    finally:
        files.unlink(missing_ok=True)
    figures = {
        "size": size(place.disk.size),
        "entries": count(place.disk.entries),
        "seconds": _seconds(began),
    }
    return Done(f"a disk of {figures['size']}, with {figures['entries']} files and directories", figures)


@action("accelerator", "refused", "seconds", "line", "memory", "command")
async def boot_machine(place: Place) -> Done:
    """Start a virtual machine from that disk, and wait for the first line of the image's program."""
    parts = _parts()
    if place.disk is None:
        raise NotFound("there is no disk to start a machine from", hint="do the step that makes one")
    await _end(place)
    async with _watched(place) as tell:
        place.machine, started = await booted(parts, place.disk, tell=tell)
    place.closing.push_async_callback(place.machine.end)
    figures = {
        "accelerator": text(started.accelerator.words),
        "refused": text(started.refused or "nothing else was tried"),
        "seconds": Figure(started.seconds, Unit.SECONDS),
        "line": text(started.line),
        "memory": size(memory_of(place.disk)),
        "command": text(shlex.join(started.words)),
    }
    said = f"with {figures['accelerator']}, after {figures['seconds']}: {started.line}"
    return Done(said, figures)


@action("kernel", "boot", "uptime", "processes", "threads", "seen")
async def look_into_machine(place: Place) -> Done:
    """Ask the virtual machine what it sees: its kernel, since when that runs, and its processes."""
    _parts()
    found = await _running(place).report()
    programs = [each for each in found.processes if not each.of_kernel]
    figures = {
        "kernel": text(found.kernel),
        "boot": text(found.boot),
        "uptime": Figure(found.uptime, Unit.SECONDS),
        "processes": count(len(programs)),
        "threads": count(len(found.processes) - len(programs)),
        "seen": text("\n".join(rows((each.pid, each.name) for each in programs))),
    }
    said = f"kernel {found.kernel} for {figures['uptime']}, {len(found.processes)} processes and threads"
    return Done(said, figures)


@action("seconds")
async def end_machine(place: Place) -> Done:
    """End the virtual machine."""
    _parts()
    began = time.monotonic()
    _running(place)
    await _end(place)
    return Done("the machine is gone, and all that was in it", {"seconds": _seconds(began)})


@measure("pid", "memory", "processes", "seen")
async def machine_on_host(place: Place) -> Figures:
    """A virtual machine as the host sees it: its processes here, and the memory that they hold."""
    found = [await asyncio.to_thread(status_of, _running(place).pid)]
    return {
        "pid": text(found[0]["Pid"]),
        "memory": size(int(found[0]["VmRSS"].split()[0]) * _KIB),
        "processes": count(len(found)),
        "seen": text("\n".join(rows((int(each["Pid"]), each["Name"]) for each in found))),
    }


@check
async def machine_runs(place: Place, *, there: bool = True) -> Found:
    """A virtual machine of the lesson runs, or none does."""
    runs = place.machine is not None and await asyncio.to_thread(_lives, place.machine.pid)
    return Found(runs == there, "the machine runs" if runs else "no machine runs")


@asynccontextmanager
async def _watched(place: Place) -> AsyncIterator[Callable[[str], None]]:
    """Show what is being waited for, and for how long by now."""
    stage, began = "", time.monotonic()

    def tell(what: str) -> None:
        nonlocal stage, began
        began = began if what.partition(":")[0] == stage.partition(":")[0] else time.monotonic()
        stage = what

    async def draw() -> None:
        while True:
            if stage:
                lines = ((Span(f"{_seconds(began)} ", Role.ACCENT), Span(stage)),)
                place.sketch(Picture("boot", "The virtual machine", lines))
            await asyncio.sleep(_REDRAW)

    drawing = asyncio.create_task(draw())
    try:
        yield tell
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)


def _parts() -> Parts:
    """:raises StepNotSupported: this machine can start none; the hint says what to install."""
    try:
        return find_parts()
    except NotSupported as error:
        raise StepNotSupported(error.message, hint=error.hint) from error


def _running(place: Place) -> Machine:
    if place.machine is None:
        raise NotFound("no machine runs", hint="do the step that starts it")
    return place.machine


async def _end(place: Place) -> None:
    machine, place.machine = place.machine, None
    if machine is not None:
        await machine.end()


def _lives(pid: int) -> bool:
    try:
        return not status_of(pid)["State"].startswith("Z")
    except (OSError, KeyError):
        return False


def _made(program: Program, files: Path, target: Path) -> Disk:
    return make_disk(files, guest_of(program), target)


@asynccontextmanager
async def _container(place: Place, image: str) -> AsyncIterator[str]:
    """A container of an image that is never started: what would run, of what, is asked of it."""
    made = await place.engine.create(ContainerOptions(image, name=_NAME))
    try:
        yield made.name
    finally:
        await place.engine.remove(made.name, force=True)


async def _program(place: Place, container: str) -> Program:
    """What a container was made to run, by whom, and with what around it."""
    found = await place.engine.inspect(container)
    config = found["Config"]
    names = {name: await _file(place, container, f"/etc/{name}") for name in ("passwd", "group")}
    home = place.settings.root / "machine"
    identity = await asyncio.to_thread(_identity, config["User"], names, home)
    env = list(config["Env"])
    if not any(pair.startswith("HOME=") for pair in env):
        env.append(f"HOME={identity.home}")
    return Program(
        (found["Path"], *found["Args"]), env, config["WorkingDir"], identity.uid, identity.gid,
        identity.groups, config["Hostname"],
    )  # fmt: skip


async def _file(place: Place, container: str, path: str) -> bytes:
    try:
        return await place.engine.read_container(container, path, _LARGEST_FILE)
    except NotFound:
        return b""


def _identity(user: str, names: dict[str, bytes], home: Path) -> Identity:
    """Who that is by the image's own files. :raises InvalidArgument: they know nobody of that name."""
    with tempfile.TemporaryDirectory(dir=home) as directory:
        os.mkdir(f"{directory}/etc")
        for name, data in names.items():
            Path(directory, "etc", name).write_bytes(data)
        root = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return resolve(root, user)
        except UnknownUser as error:
            raise InvalidArgument(str(error)) from error
        finally:
            os.close(root)


def _seconds(began: float) -> Figure:
    return Figure(time.monotonic() - began, Unit.SECONDS)
