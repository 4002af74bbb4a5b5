"""Hostile text in every place that comes from outside: the screen stays whole and nothing is done."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engine.containers.models import LogLine, Status
from engine.containers.network_list import Member
from engine.errors import NotFound
from engine.images.models import ImageDetail, PlanLayer, PullPlan
from engine.images.moves import Standing, TagStanding
from engine.lab.models import LabImage, LabStatus
from engine.layers.table import FileTable
from engine.oci import Digest
from engine.volumes.models import Volume
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, until, widths
from tests.tui.fake import NOW, FakeSource, container
from tests.tui.fake_files import table
from tests.tui.fake_stores import entry, network
from tests.tui.hostile import HOSTILE
from tests.tui.pictures import sized

_SHORT = [text[:4000] for text in HOSTILE]


class HostileSource(FakeSource):
    """A store in which every word from outside is hostile."""

    def __init__(self) -> None:
        super().__init__()
        stack = self.stacks["postgres:15"]
        self.stacks = dict.fromkeys(HOSTILE, stack)
        self.made = [
            container(text, text, Status.RUNNING)._replace(labels={text[:3000]: text}, health="healthy")
            for text in HOSTILE
        ]
        self.lab = LabStatus(True, True, HOSTILE[0], 7, tuple(LabImage(text, 1, 1) for text in HOSTILE))
        self.all_networks = [
            network(text, (Member("c" * 64, text, text, text, text, (text,)),)) for text in HOSTILE
        ]
        self.all_volumes = [Volume(text, NOW, {text: text}, False, text, (text,), 9) for text in HOSTILE]
        self.entries["/"] = [entry(text[:2000], link=text[:2000]) for text in HOSTILE]
        self.lines = [LogLine(NOW, "stdout", text) for text in HOSTILE]

    async def image(self, name: str) -> ImageDetail:
        detail = await super().image(name)
        rows = tuple(
            row._replace(created_by=text, used_by=(text,), base_of=text)
            for row, text in zip(detail.layers, HOSTILE, strict=False)
        )
        history = tuple(detail.history[0]._replace(created_by=text, comment=text) for text in HOSTILE)
        labels = {text: text for text in HOSTILE}
        return detail._replace(
            layers=rows, history=history, env=HOSTILE, labels=labels, author=HOSTILE[0],
            entrypoint=HOSTILE, cmd=HOSTILE, volumes=HOSTILE, user=HOSTILE[3], workdir=HOSTILE[4],
        )  # fmt: skip

    async def layer_table(self, diff_id: Digest) -> FileTable:
        # A name on disk is bytes: any but NUL and the slash.
        names = (text[:200].encode("utf-8", "surrogatepass") for text in HOSTILE)
        safe = (name.replace(b"/", b"|").replace(b"\0", b"") for name in names)
        return table({f"{n}{os.fsdecode(name)}": 1 for n, name in enumerate(safe)})

    async def plan(self, reference: str, platform: str = "") -> PullPlan:
        if "here" not in reference:
            raise NotFound(HOSTILE[5] + HOSTILE[0] + HOSTILE[6], hint=HOSTILE[6] + HOSTILE[1])
        layers = tuple(
            PlanLayer(number, Digest(text), Digest(text), number, bool(number % 2), number % 16)
            for number, text in enumerate(HOSTILE, 1)
        )
        return PullPlan(HOSTILE[0], Digest(HOSTILE[1]), Digest(HOSTILE[2]), HOSTILE[3], layers, 3, 9)

    async def outdated(
        self, names: tuple[str, ...] = (), *, on_standing: Callable[[TagStanding], None] | None = None
    ) -> Sequence[TagStanding]:
        return [
            TagStanding(text, Standing.UNKNOWN, Digest(text), Digest(text), reason=text) for text in HOSTILE
        ]

    async def stop(self, name: str, timeout: float = 10) -> None:
        raise NotFound(HOSTILE[6] + HOSTILE[0], hint=HOSTILE[5])


def whole(pilot: Driver, width: int) -> None:
    """No line is torn, and no foreign control character is on screen."""
    assert widths(pilot) == {width}
    foreign = {
        character
        for line in screen_lines(pilot)
        for character in line
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    assert foreign == set()


_WAYS: dict[str, list[str]] = {
    "images and layers": [],
    "files": ["4"],
    "config": ["4", "right_square_bracket"],
    "history": ["4", "right_square_bracket", "right_square_bracket"],
    "users": ["4", "left_square_bracket"],
    "logs": ["2", "l"],
    "folded logs of several": ["2", "space", "space", "space", "l", "z", "C", "ctrl+f", "a", "enter"],
    "a container's config": ["2", "l", "right_square_bracket"],
    "an error": ["2", "s"],
    "a question": ["2", "d"],
    "the run form": ["R"],
    "the palette": ["colon"],
    "a plan that fails": ["P", "x", "enter"],
    "a plan": ["P", *"here", "enter"],
    "a pull": ["P", *"here", "enter", "enter"],
    "what the lab serves": ["P"],
    "help": ["2", "question_mark"],
    "jump mode": ["ctrl+o"],
    "labels": ["2", "v"],
    "groups": ["2", "v", "j", "enter"],
    "marks": ["2", "asterisk", "d"],
    "updates": ["u", "5"],
    "an action in full": ["u", "5", "enter"],
    "history in full": ["4", "right_square_bracket", "right_square_bracket", "enter"],
    "a terminal": ["2", "E"],
    "networks": ["6"],
    "removing a network": ["6", "d"],
    "joining a network": ["6", "c"],
    "volumes": ["7"],
    "removing a volume": ["7", "d"],
    "files of a container": ["2", "F"],
    "a file of a container": ["2", "F", "enter"],
    "copying out": ["2", "F", "x"],
    "another name": ["2", "ctrl+r"],
    "a tag": ["t"],
}


@pytest.mark.parametrize("way", _WAYS)
async def test_the_screen_stays_whole(make: Make, way: str) -> None:
    async with make(HostileSource()).run_test(size=(160, 45), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press(*_WAYS[way])
        for key in ("pagedown", "pageup", "down", "down"):
            await pilot.pause()
            whole(pilot, 160)
            await pilot.press(key)
        await sized(pilot, 80, 24)
        await pilot.pause()
        whole(pilot, 80)
        assert pilot.app.is_running


@pytest.mark.parametrize("text", _SHORT)
async def test_a_click_on_hostile_text_does_nothing_but_move_the_cursor(make: Make, text: str) -> None:
    source = FakeSource()
    source.made = [container(text, text, Status.RUNNING)]
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        await pilot.click("#containers", offset=(6, 1))
        await until(pilot, lambda: app.workbench.containers.has_focus, "the focus")
        assert app.is_running
        assert source.asked == []


def test_the_list_holds_thirty_hostile_strings() -> None:
    seen: list[Any] = list(dict.fromkeys(HOSTILE))
    assert len(seen) == 30
