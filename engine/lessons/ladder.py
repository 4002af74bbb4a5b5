"""The ladder of namespaces: one small program, started in more of them each time, seen from both sides.

A lesson names namespaces and walls of a closed set; the program is always `ladder_program`.
"""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import InvalidArgument, Unavailable
from engine.lessons.figures import Figure, Unit
from engine.lessons.ladder_program import FLAGS, WALLS, seen
from engine.lessons.place import Place
from engine.lessons.vocabulary import Done, StepNotSupported, action

HOST_NAME = "ladder"  # what the program calls itself where the name is its own
_HOME = str(Path(__file__).resolve().parents[2])
# At the end of the path, so that nothing beside it can stand in for the standard library.
_START = "import sys; sys.path.append(sys.argv[1]); from engine.lessons.ladder_program import main; main()"
_PATIENCE = 20.0  # seconds until the program must have said what it sees
_FILES = {"mount": "mnt"}  # names of namespaces below /proc/PID/ns where they are others
_NEEDED = ("pid", "mount", "uts")  # by walls: what they would change must be the program's own
# Ids of the host that root of a user namespace may be: the first that this process has.
_OUTSIDE = (100_000, 1000, 1, 0)


@action(
    "number", "seen", "processes", "mounts", "mounts_outside", "name", "name_outside", "interfaces", "queues",
    "user", "user_outside", "capabilities", "own", "inside", "outside", "ids", "ids_outside", "command",
    "before", "after",
)  # fmt: skip
async def look_from_inside(place: Place, *, namespaces: str = "", walls: str = "") -> Done:
    """Start a small program in these namespaces, ask it what it sees, ask the host the same, and end it.

    :param namespaces: of pid, mount, uts, net, ipc, user, cgroup, with commas between. :param walls: of
        root, capabilities, seccomp; what the last one forbids is tried before and after it is built.
    """
    wanted, built = _named(namespaces, tuple(FLAGS), "namespace"), _named(walls, WALLS, "wall")
    if built and not set(_NEEDED) <= set(wanted):
        raise InvalidArgument(f"walls need namespaces of {', '.join(_NEEDED)} at least")
    asked = await asyncio.to_thread(_document, place, wanted, built)
    async with _program(asked) as answers:
        pid = (await _answer(answers))["pid"]
        found = await _answer(answers)
        _check_before(built, found["before"])
        outside = await asyncio.to_thread(seen, pid)
        own, ids = await asyncio.to_thread(_namespaces, pid)
        command = _command(wanted)
        figures = _figures(found["seen"], outside) | {
            "own": _text(", ".join(own) or "none"),
            "ids": _text("\n".join(f"{name} {inside}" for name, (inside, _) in ids.items())),
            "ids_outside": _text("\n".join(f"{name} {host}" for name, (_, host) in ids.items())),
            "command": _text(command),
            "before": _text("\n".join(found["before"])),
            "after": _text("\n".join(found["after"])),
        }
    return Done(f"a program ran as process {pid} of the host: {command}", figures)


def _named(text: str, known: Sequence[str], what: str) -> list[str]:
    """The names of a text, in the order of those that there are."""
    names = {name.strip() for name in text.split(",")} - {""}
    if unknown := sorted(names - set(known)):
        raise InvalidArgument(f"there is no {what} {unknown[0]!r}", hint=f"there are: {', '.join(known)}")
    return [name for name in known if name in names]


def _document(place: Place, namespaces: list[str], walls: list[str]) -> dict[str, Any]:
    from engine.runtime.sandbox import CAPABILITIES

    directory = place.settings.root / "ladder"
    # To be entered by whoever the program is; what lies above is the learner's alone.
    for each in (directory, directory / "own"):
        each.mkdir(exist_ok=True)
        each.chmod(0o711)
    marker = directory / "marker"
    marker.write_text("of the host\n", "ascii")
    asked: dict[str, Any] = {
        "namespaces": namespaces, "walls": walls, "directory": str(directory), "marker": str(marker),
        "host_name": HOST_NAME, "user": _outside_user(), "capabilities": list(CAPABILITIES),
        "filter": b"", "flags": 0,
    }  # fmt: skip
    if "seccomp" in walls:
        from engine.runtime.seccomp.kept import program_for
        from engine.store.layout import Layout

        program = program_for(Layout.of(place.settings).filters, None, CAPABILITIES)
        asked |= {"filter": program.instructions, "flags": program.flags}
    return asked


def _outside_user() -> int:
    ranges = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return next(
        (uid for uid in _OUTSIDE if any(first <= uid < first + length for first, _, length in ranges)), 0
    )


@contextlib.asynccontextmanager
async def _program(asked: Mapping[str, Any]) -> AsyncIterator[asyncio.StreamReader]:
    """The program while it runs; it ends with its input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, _HOME,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={}, cwd="/",
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(marshal.dumps(dict(asked)))
        async with asyncio.timeout(_PATIENCE):
            yield process.stdout
    except TimeoutError as error:
        raise Unavailable(
            f"the program said nothing for {_PATIENCE:g} s", hint="do the step again"
        ) from error
    finally:
        process.stdin.close()
        await process.wait()


async def _answer(answers: asyncio.StreamReader) -> dict[str, Any]:
    """The next document of the program.

    :raises StepNotSupported: the kernel refused it something. :raises Unavailable: it ended without a word.
    """
    try:
        size = int.from_bytes(await answers.readexactly(4), "little")
        document = marshal.loads(await answers.readexactly(size))  # noqa: S302 - our own program wrote it
    except asyncio.IncompleteReadError as error:
        raise Unavailable("the program ended without a word", hint="do the step again") from error
    if "failed" in document:
        raise StepNotSupported(
            f"this machine refuses {document['failed']}: {os.strerror(document['errno'])}",
            hint="lamina info says what this machine's kernel offers",
        )
    return dict(document)


def _check_before(walls: Sequence[str], tried: Sequence[str]) -> None:
    """:raises StepNotSupported: what the last wall forbids did not work before either."""
    if walls and not (said := tried[WALLS.index(walls[-1])]).endswith(": works"):
        raise StepNotSupported(f"what the wall {walls[-1]} forbids does not work here without it: {said}")


def _namespaces(pid: int) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """Which namespaces of a process are not this one's, and the numbers of both by name."""
    ids = {}
    for name in FLAGS:
        with contextlib.suppress(FileNotFoundError):  # a kernel without it
            inside, host = (
                os.stat(f"/proc/{each}/ns/{_FILES.get(name, name)}").st_ino for each in (pid, "self")
            )
            ids[name] = (inside, host)
    return [name for name, (inside, host) in ids.items() if inside != host], ids


def _command(namespaces: Sequence[str]) -> str:
    """What would do the same at a shell."""
    words = [f"--{name}" for name in namespaces]
    words += ["--fork"] if "pid" in namespaces else []
    words += ["--mount-proc"] if {"pid", "mount"} <= set(namespaces) else []
    words += ["--map-root-user"] if "user" in namespaces else []
    return " ".join(["unshare", *words, "PROGRAM"]) if words else "PROGRAM"


def _figures(inside: Mapping[str, str], outside: Mapping[str, str]) -> dict[str, Figure]:
    def count(answers: Mapping[str, str], question: str) -> Figure:
        return Figure(int(answers[question]), Unit.COUNT)

    return {
        "number": _text(inside["number"]),
        "seen": _text(outside["number"]),
        "processes": count(inside, "processes"),
        "mounts": count(inside, "mounts"),
        "mounts_outside": count(outside, "mounts"),
        "name": _text(inside["host name"]),
        "name_outside": _text(outside["host name"]),
        "interfaces": _text(inside["interfaces"]),
        "queues": count(inside, "queues"),
        "user": _text(inside["user"]),
        "user_outside": _text(outside["user"]),
        "capabilities": count(inside, "capabilities"),
        "inside": _text("\n".join(f"{question}: {answer}" for question, answer in inside.items())),
        "outside": _text("\n".join(f"{question}: {answer}" for question, answer in outside.items())),
    }


def _text(text: str) -> Figure:
    return Figure(text, Unit.TEXT)
