"""The list of containers: what they use, groups, order, marks, and verbs on several."""

from __future__ import annotations

import pytest

from engine.containers.models import Status
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, text_of, until
from tests.tui.fake import FakeSource, container
from tui.panels.containers import Containers
from tui.panels.groups import PROJECT
from tui.screens.confirm import Confirm
from tui.screens.pick import Pick


def _source() -> FakeSource:
    source = FakeSource()
    rows = [("shop-web", "shop"), ("shop-db", "shop"), ("blog-web", "blog"), ("alone", "")]
    source.made = [
        container(name, "lab/web:1", Status.RUNNING)._replace(labels={PROJECT: label} if label else {})
        for name, label in rows
    ]
    return source


def _list(pilot: Driver) -> Containers:
    return app_of(pilot).workbench.containers


def _names(pilot: Driver) -> list[str]:
    return [line.split()[1] for line in text_of(_list(pilot)).splitlines()]


async def test_a_running_container_shows_what_it_uses(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(200, 60)) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "%" in text_of(_list(pilot)).splitlines()[0], "a figure")
        rows = text_of(_list(pilot)).splitlines()
        assert " MB" in rows[0]
        assert "%" not in rows[3]  # it has ended


async def test_health_and_ports_are_seen(make: Make) -> None:
    from engine.network.wishes import Publish

    source = FakeSource()
    ports = (Publish("127.0.0.1", 8080, 80, "tcp"), Publish("", 53, 53, "udp"))
    source.made[0] = source.made[0]._replace(health="unhealthy", ports=ports)
    async with make(source).run_test(size=(200, 60)) as pilot:
        await ready(pilot)
        row = text_of(_list(pilot)).splitlines()[0]
        assert row.split()[:2] == ["!", "pg1"]
        assert "127.0.0.1:8080→80 53" in row
        assert "unhealthy" in row


async def test_a_label_puts_containers_into_groups_that_fold(make: Make) -> None:
    async with make(_source()).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2", "v")
        assert isinstance(pilot.app.screen, Pick)
        await pilot.press("j", "enter")
        assert _names(pilot) == ["shop", "shop-web", "shop-db", "blog", "blog-web", "without", "alone"]
        await pilot.press("g", "enter")
        assert _names(pilot)[:2] == ["shop", "blog"]
        await pilot.press("enter")
        assert len(_list(pilot).rows) == 7


async def test_a_mark_on_a_group_marks_all_of_it(make: Make) -> None:
    async with make(_source()).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        _list(pilot).group_by(PROJECT)
        await pilot.press("2", "g", "space")
        assert [item.name for item in _list(pilot).marked_containers] == ["shop-web", "shop-db"]
        await pilot.press("escape")
        assert _list(pilot).marked == set()


async def test_the_list_is_sorted_by_name_state_and_use(make: Make) -> None:
    source = _source()
    source.made[1] = source.made[1]._replace(status=Status.EXITED, pid=0)
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        state = app_of(pilot).state
        await until(pilot, lambda: state.usages.of(source.made[0].id) is not None, "what they use")
        await pilot.press("2", "o")
        assert _names(pilot) == ["alone", "blog-web", "shop-db", "shop-web"]
        await pilot.press("o")
        assert _names(pilot)[-1] == "shop-db"
        await pilot.press("o")
        used = [usage.cpu for row in _list(pilot).rows if (usage := state.usages.of(row.key))]
        assert used == sorted(used, reverse=True)


async def test_a_verb_on_marks_asks_once_and_says_what_all_it_does(make: Make) -> None:
    source = _source()
    source.made[1] = source.made[1]._replace(status=Status.EXITED, pid=0)
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2", "g", "space", "space", "space", "s")
        assert isinstance(pilot.app.screen, Confirm)
        shown = "\n".join(screen_lines(pilot))
        assert "Stop 2 containers?" in shown
        assert "shop-web" in shown
        assert "1 marked one is left alone" in shown
        await pilot.press("y")
        await until(pilot, lambda: [asked[0] for asked in source.asked] == ["stop"] * 2, "both")
        activity = app_of(pilot).workbench.activity
        await until(pilot, lambda: "2 done" in text_of(activity), "the end")
        assert "lamina stop shop-web blog-web" in text_of(activity)
        assert _list(pilot).marked == set()


async def test_what_fails_on_one_of_several_hinders_no_other(make: Make) -> None:
    source = _source()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        gone = source.made.pop(0)
        await pilot.press("2", "asterisk", "p", "y")
        activity = app_of(pilot).workbench.activity
        await until(pilot, lambda: "3 of 4 done" in text_of(activity), "the end")
        assert gone.name in text_of(activity)


async def test_b_offers_what_can_be_done_to_all_that_is_marked(make: Make) -> None:
    async with make(_source()).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2", "asterisk", "b")
        assert isinstance(pilot.app.screen, Pick)
        shown = "\n".join(screen_lines(pilot))
        assert "With 4 marked" in shown
        assert "restart" in shown
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")


@pytest.mark.parametrize(("key", "asked"), [("r", "restart"), ("p", "pause")])
async def test_one_container_is_restarted_or_paused_at_once(make: Make, key: str, asked: str) -> None:
    source = _source()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2", key)
        await until(pilot, lambda: source.asked == [(asked, source.made[0].id)], "it")
        if key == "p":
            await until(pilot, lambda: "paused" in text_of(_list(pilot)), "the state")
            await pilot.press("p")
            await until(pilot, lambda: source.asked[-1][0] == "unpause", "the way back")


async def test_a_container_gets_another_name(make: Make) -> None:
    source = _source()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2", "ctrl+r", *"2", "enter")
        await until(pilot, lambda: "shop-web2" in text_of(_list(pilot)), "the name")
