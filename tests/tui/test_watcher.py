"""Who reads for the inspector, when, and how much of it."""

from __future__ import annotations

from engine.containers.models import Status
from engine.containers.overlays import Effect
from tests.tui.conftest import Make
from tests.tui.driving import app_of, open_tab, ready, screen_lines, text_of, until
from tests.tui.fake import FakeSource
from tests.tui.fake_running import change, overlay, processes
from tui.watcher import as_tree, dearest


def test_of_a_layer_with_very_many_changes_the_dearest_are_kept_and_all_are_counted() -> None:
    changes = [change(Effect.NEW, f"/f/{n}", n * 4096) for n in range(2000)]
    changes += [change(Effect.DELETED, f"/d/{n}", 0, "debian") for n in range(3)]
    known = dearest(overlay()._replace(changes=tuple(changes)))
    assert len(known.view.changes) == 500
    assert known.view.changes[0].path == "/f/1999"
    assert known.counts == (("new", 2000), ("deleted", 3))


def test_children_stand_below_their_parents_and_strangers_beside_the_first() -> None:
    found = [(depth, row.inside) for depth, row in as_tree(processes()[::-1])]
    assert found == [(0, 1), (1, 27), (1, 28), (0, 51)]


async def test_a_start_is_followed_by_a_new_look(make: Make) -> None:
    source = FakeSource()
    source.made = [item for item in source.made if item.status is Status.CREATED]
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        inspector = await open_tab(pilot, "Processes", lambda _: True)
        await until(pilot, lambda: "S starts it" in "\n".join(screen_lines(pilot)), "the words")
        await pilot.press("S")
        await until(pilot, lambda: "walwriter" in text_of(inspector), "its processes")


async def test_another_tab_ends_the_reader_of_the_one_before(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await open_tab(pilot, "Events", lambda text: "die" in text)
        await until(pilot, lambda: len(source.followers) == 2, "the follower")
        await open_tab(pilot, "Mounts", lambda text: "pgdata" in text)
        await until(pilot, lambda: len(source.followers) == 1, "its end")


async def test_another_screen_in_front_ends_the_reader_and_its_end_begins_it_anew(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await open_tab(pilot, "Events", lambda text: "die" in text)
        await until(pilot, lambda: len(source.followers) == 2, "the follower")
        await pilot.press("6")
        await until(pilot, lambda: len(source.followers) == 1, "its end")
        await pilot.press("escape")
        await until(pilot, lambda: len(source.followers) == 2, "the next one")
        assert app_of(pilot).workbench.inspector.tab == "Events"
