"""What is measured: how an engine gets ready, the command that is timed, and how it is undone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from bench import port
from bench.engines import Engine, Words, quietly
from bench.process import CommandFailed

DEBIAN = "debian:12"
POSTGRES = "postgres:15"
POSTGRES_NEXT = "postgres:15.1"
_CONTAINER = "lamina-bench-exec"
IMAGES = (DEBIAN, POSTGRES, POSTGRES_NEXT)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that every engine does.

    :param prepare: once for each engine, before anything is timed.
    :param command: what is timed.
    :param undo: after each time, so that the next finds what the first found.
    :param pairs: how many times each engine does it, as a multiple of what was asked for.
    :param finish: once for each engine, when all was timed.
    :param ordinary: done by an ordinary user's engines instead of root's.
    :param fresh_image: an image whose files it writes all anew: the disk is put to rest before each time.
    """

    name: str
    title: str
    prepare: Callable[[Engine], None]
    command: Callable[[Engine], Words]
    undo: Callable[[Engine], None]
    pairs: int = 1
    fresh_image: str = ""
    ordinary: bool = False
    finish: Callable[[Engine], None] = lambda _: None


def cases(registry: str) -> list[Case]:
    """All cases, with images from a registry (`host:port`)."""
    debian, postgres, following = (f"{registry}/{image}" for image in IMAGES)
    return [
        Case(
            name="cold",
            title=f"cold pull of {POSTGRES}",
            prepare=_empty,
            command=lambda engine: engine.pull(postgres),
            undo=_empty,
            fresh_image=postgres,
        ),
        Case(
            name="incremental",
            title=f"pull of {POSTGRES_NEXT} after {POSTGRES}",
            prepare=lambda engine: _only(engine, postgres),
            command=lambda engine: engine.pull(following),
            undo=lambda engine: quietly(engine.remove(following), engine.environment),
        ),
        Case(
            name="remove",
            title=f"rmi of {POSTGRES}",
            prepare=lambda engine: _only(engine, postgres),
            command=lambda engine: engine.remove(postgres),
            undo=lambda engine: quietly(engine.pull(postgres), engine.environment),
        ),
        _run("run", f"run --rm --network none {DEBIAN} true", debian, "--network", "none"),
        _run("bridge", f"run --rm {DEBIAN} true, on the default bridge", debian, "--network", "bridge"),
        Case(
            name="exec",
            title=f"exec of true in a container of {DEBIAN}",
            prepare=lambda engine: _running(engine, debian),
            command=lambda engine: engine.command("exec", _CONTAINER, "true"),
            undo=_nothing,
            pairs=4,
            finish=_end,
        ),
        Case(
            name="port",
            title=f"{port.GIBIBYTES} GiB through a published port, to another network namespace",
            prepare=lambda engine: _serving(engine, debian),
            command=port.read,
            undo=_nothing,
            finish=port.finish,
        ),
        _run(
            "rootless", f"run --rm {DEBIAN} true without root, on the default network", debian, ordinary=True
        ),
        Case(
            name="rootless-port",
            title=f"{port.GIBIBYTES} GiB through a port published without root, to another network namespace",
            prepare=lambda engine: _serving(engine, debian),
            command=port.read,
            undo=_nothing,
            finish=port.finish,
            ordinary=True,
        ),
        Case(
            name="version",
            title="--version",
            prepare=_nothing,
            command=lambda engine: engine.command("--version"),
            undo=_nothing,
            pairs=4,
        ),
        Case(
            name="ps",
            title="ps, no containers",
            prepare=_empty,
            command=lambda engine: engine.command("ps"),
            undo=_nothing,
            pairs=4,
        ),
    ]


def _run(name: str, title: str, image: str, *options: str, ordinary: bool = False) -> Case:
    return Case(
        name=name,
        title=title,
        prepare=lambda engine: _only(engine, image),
        command=lambda engine: engine.command("run", "--rm", *options, image, "true"),
        undo=_nothing,
        pairs=4,
        ordinary=ordinary,
    )


def _empty(engine: Engine) -> None:
    engine.empty()


def _only(engine: Engine, image: str) -> None:
    engine.empty()
    quietly(engine.pull(image), engine.environment)


def _running(engine: Engine, image: str) -> None:
    _only(engine, image)
    words = ("run", "--detach", "--name", _CONTAINER, "--network", "none", image, "sleep", "infinity")
    quietly(engine.command(*words), engine.environment)


def _serving(engine: Engine, image: str) -> None:
    _only(engine, image)
    port.serve(engine, image)


def _end(engine: Engine) -> None:
    with contextlib.suppress(CommandFailed):  # it was never made
        quietly(engine.command("rm", "--force", _CONTAINER), engine.environment)


def _nothing(_engine: Engine) -> None:
    """Nothing stands in the way of doing it again."""
