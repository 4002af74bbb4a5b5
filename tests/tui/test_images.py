"""What is done with images: marked, compared, named, sent, kept, pruned; and which have an update."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, text_of, until
from tests.tui.fake import FakeSource
from tests.tui.hostile import HOSTILE
from tests.tui.test_hostile import whole
from tui.screens.compare import Compare
from tui.screens.confirm import Confirm
from tui.screens.file import FileView
from tui.screens.line import LineDialog


async def _compared(pilot: Driver) -> Compare:
    await ready(pilot)
    await pilot.press("space", "space", "c")
    screen = pilot.app.screen
    assert isinstance(screen, Compare)
    await until(pilot, lambda: screen.comparison is not None, "the comparison")
    return screen


async def test_two_marked_images_are_compared_with_the_download_between_them(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        screen = await _compared(pilot)
        assert set(screen.names) == {"postgres:15", "postgres:15.1"}
        shown = "\n".join(screen_lines(pilot))
        assert "to fetch of" in shown
        pairs = text_of(screen.pairs)
        assert ["to fetch" in pairs, "no longer" in pairs, pairs.count("the same")] == [True, True, 5]


async def test_files_and_settings_that_differ_are_listed(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        screen = await _compared(pilot)
        files, settings = text_of(screen.different), text_of(screen.settings)
        assert "~ /etc/config.py" in files
        assert "− /etc/motd" in files
        assert "env PORT" in settings
        assert "8080" in settings


async def test_a_filter_narrows_the_files(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        screen = await _compared(pilot)
        await pilot.press("slash", *"motd", "enter")
        assert text_of(screen.different).count("/etc") == 1
        await pilot.press("escape")
        assert "config.py" in text_of(screen.different)
        await pilot.press("escape")
        assert app_of(pilot).workbench.is_current


async def test_enter_shows_what_differs_in_a_text(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        screen = await _compared(pilot)
        while screen.different.chosen is None or screen.different.chosen.path != "etc/config.py":
            await pilot.press("down")
        await pilot.press("enter")
        view = pilot.app.screen
        assert isinstance(view, FileView)
        await until(pilot, lambda: view.content.page is not None, "the file")
        assert view.shows == "difference"


async def test_one_image_is_not_compared_and_one_is_told_how(make: Make) -> None:
    async with make().run_test(size=(160, 45), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("c")
        assert app_of(pilot).workbench.is_current
        assert len(app_of(pilot).workbench.images.marked) == 1
        await pilot.press("c")
        assert isinstance(pilot.app.screen, Compare)


async def test_removing_marked_images_says_what_all_of_them_free(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("space", "space", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        assert "Frees 129 MB, 2 layers." in "\n".join(screen_lines(pilot))
        await pilot.press("y")
        await until(pilot, lambda: len(source.asked) == 2, "the removal")
        assert source.asked == [("remove_image", "postgres:15.1"), ("remove_image", "postgres:15")]


async def test_updates_are_looked_for_on_demand_and_say_their_cost(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        images = app_of(pilot).workbench.images
        assert "↑" not in text_of(images)
        await pilot.press("u")
        await until(pilot, lambda: "↑ 189 B" in text_of(images), "the update")
        assert "✓" in text_of(images)


async def _typed(pilot: Driver, key: str, text: str) -> None:
    await pilot.press(key)
    screen = pilot.app.screen
    assert isinstance(screen, LineDialog)
    screen.field.value = text
    await pilot.press("enter")


async def test_an_image_gets_one_more_name(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await _typed(pilot, "t", "mine:1")
        await until(pilot, lambda: bool(source.asked), "the name")
        assert source.asked == [("tag_image", "postgres:15.1", "mine:1")]


async def test_a_name_that_cannot_be_is_refused_while_typing(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await _typed(pilot, "t", "Not A Name")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LineDialog)
        assert source.asked == []


async def test_images_are_saved_and_loaded(make: Make, tmp_path: Path) -> None:
    source, target = FakeSource(), tmp_path / "all.tar"
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await _typed(pilot, "W", str(target))
        await until(pilot, lambda: len(source.asked) == 1, "the archive")
        target.write_bytes(b"x")
        await _typed(pilot, "I", str(target))
        await until(pilot, lambda: len(source.asked) == 2, "the images")
        assert source.asked == [("save", ("postgres:15.1",), target), ("load", target)]


async def test_a_prune_says_first_what_it_frees(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        app_of(pilot).commands.do("prune")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        assert "Frees 12 MB" in "\n".join(screen_lines(pilot))
        await pilot.press("enter")
        await pilot.pause()
        assert source.asked == []


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_hostile_names_leave_a_comparison_whole(make: Make, size: tuple[int, int]) -> None:
    source = FakeSource()
    stack = source.stacks["postgres:15"]
    source.stacks = {text[:3000]: stack for text in HOSTILE}
    async with make(source).run_test(size=size) as pilot:
        await ready(pilot)
        for _ in range(4):
            await pilot.press("space", "space", "c")
            await until(pilot, lambda: isinstance(pilot.app.screen, Compare), "the screen")
            await pilot.pause()
            whole(pilot, size[0])
            await pilot.press("escape")
            app_of(pilot).workbench.images.unmark()
        assert pilot.app.is_running
