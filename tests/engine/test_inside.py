"""The façade looks inside images; what an archive names never acts on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import InvalidArgument, NotFound
from engine.settings import Settings
from tests.engine.images.publish import layer, registry_of
from tests.support.command import Lamina

_HOSTILE = "etc/\x1b[2J\u202egnp"
_BASE = layer({"etc/motd": b"hello", "srv/app": b"one"})
_NEXT = layer({"srv/app": b"seven", _HOSTILE: b"x"})


async def filled(settings: Settings, place: Path) -> tuple[str, str]:
    """A store with two images of which the second has one more layer; their names."""
    async with registry_of(place) as registry:
        old = registry.publish("app:1", _BASE)
        new = registry.publish("app:2", _BASE, _NEXT)
        engine = Engine(settings)
        await engine.pull(old)
        await engine.pull(new)
    return old, new


async def test_facade_answers_every_question(settings: Settings, tmp_path: Path) -> None:
    old, new = await filled(settings, tmp_path)
    engine = Engine(settings)
    assert [row.path for row in (await engine.tree(new, 1)).children("srv")] == ["srv/app"]
    assert (await engine.changes(new, 2)).counts["changed"] == 1  # type: ignore[index]  # a change is its word
    assert [touch.position for touch in (await engine.blame(new, "srv/app")).touches] == [1, 2]
    assert (await engine.waste(new)).wasted == 3
    assert (await engine.compare(old, new)).download == len(_NEXT.blob)
    assert (await engine.sharing([new])).freed.unpacked == 6


async def test_what_is_not_there_is_said(settings: Settings, tmp_path: Path) -> None:
    _, new = await filled(settings, tmp_path)
    engine = Engine(settings)
    with pytest.raises(NotFound):
        await engine.tree("nothing")
    with pytest.raises(InvalidArgument, match="no layer 3"):
        await engine.tree(new, 3)
    with pytest.raises(NotFound):
        await engine.blame(new, "nothing")


async def test_no_verb_lets_a_name_act(settings: Settings, lamina: Lamina, tmp_path: Path) -> None:
    old, new = await filled(settings, tmp_path)
    for words in (
        ("tree", new),
        ("tree", new, "--layer", "2"),
        ("diff", old, new),
        ("compare", old, new),
        ("blame", new, _HOSTILE),
        ("extract", new, "/etc", str(tmp_path / "out")),
        ("cat", new, _HOSTILE + "x"),
    ):
        finished = lamina(*words)
        told = finished.out + finished.err
        assert told
        assert "\x1b" not in told
        assert "\u202e" not in told
