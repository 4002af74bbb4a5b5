"""Networks, volumes, and the files of containers and volumes, on screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, text_of, until, widths
from tests.tui.fake import FakeSource
from tests.tui.fake_stores import entry, network
from tests.tui.hostile import HOSTILE
from tui.screens.browse import Browse
from tui.screens.stores import Stores


async def stores(pilot: Driver, key: str = "6") -> Stores:
    """Open the screen and wait until it is filled."""
    await ready(pilot)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, Stores), "the screen")
    screen = pilot.app.screen
    assert isinstance(screen, Stores)
    await until(pilot, lambda: bool(screen.networks.rows and screen.volumes.rows), "the lists")
    return screen


async def browse(pilot: Driver) -> Browse:
    """Look into the container under the cursor."""
    await ready(pilot)
    await pilot.press("2", "F")
    await until(pilot, lambda: isinstance(pilot.app.screen, Browse), "the screen")
    screen = pilot.app.screen
    assert isinstance(screen, Browse)
    await until(pilot, lambda: bool(screen.entries.rows), "the files")
    return screen


async def test_a_network_tells_who_is_on_it(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        screen = await stores(pilot)
        assert "pg1" in text_of(screen.about)
        assert "10.88.1.2" in text_of(screen.about)


async def test_seven_stands_on_the_volumes(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        screen = await stores(pilot, "7")
        assert screen.volumes.has_focus
        assert "41 MB" in text_of(screen.about)


async def test_what_is_used_is_not_removed_and_who_uses_it_is_said(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30), notifications=True) as pilot:
        await stores(pilot)
        await pilot.press("d")
        await until(pilot, lambda: "used by pg1" in "\n".join(screen_lines(pilot)), "the word")
        assert source.asked == []


@pytest.mark.parametrize(
    ("key", "asked"), [("6", ("remove_network", "spare")), ("7", ("remove_volume", "old"))]
)
async def test_removing_asks_first(make: Make, key: str, asked: tuple[str, str]) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await stores(pilot, key)
        await pilot.press("j", "d")
        await until(pilot, lambda: "Remove the" in "\n".join(screen_lines(pilot)), "the question")
        assert source.asked == []
        await pilot.press("y")
        await until(pilot, lambda: asked in source.asked, "the removal")


async def test_a_network_is_made_with_a_subnet(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await stores(pilot)
        await pilot.press("a", *"net 10.9.0.0", "slash", *"24", "enter")
        await until(pilot, lambda: ("create_network", "net", "10.9.0.0/24") in source.asked, "the network")
        commands = [task.command for task in app_of(pilot).state.tasks.values()]
        assert "lamina network create --subnet 10.9.0.0/24 net" in commands


async def test_a_container_joins_and_leaves(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await stores(pilot)
        await pilot.press("u", "enter")
        await until(pilot, lambda: ("disconnect", "back", "pg1") in source.asked, "the disconnect")
        await pilot.press("c", "enter")
        await until(pilot, lambda: any(asked[0] == "connect" for asked in source.asked), "the connect")


async def test_who_only_looks_changes_nothing(make: Make) -> None:
    source = FakeSource()
    app = make(source, screen={"read-only": True})
    async with app.run_test(size=(120, 30)) as pilot:
        screen = await stores(pilot)
        await pilot.press("a", "c", "u", "j", "d")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert source.asked == []


async def test_a_directory_opens_and_esc_goes_up_to_where_one_was(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        screen = await browse(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: screen.folder == "/etc", "the directory")
        await pilot.press("escape")
        await until(pilot, lambda: screen.folder == "/", "the top")
        assert screen.entries.key == "etc"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).workbench, "the workbench")


async def test_a_file_is_shown(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await browse(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "hello world" in "\n".join(screen_lines(pilot)), "the file")


async def test_files_are_copied_out_and_in(make: Make, tmp_path: Path) -> None:
    source = FakeSource()
    (tmp_path / "here").write_text("x")
    async with make(source).run_test(size=(120, 30)) as pilot:
        screen = await browse(pilot)
        name = screen.place.name
        await pilot.press("j", "x", "ctrl+u", *str(tmp_path / "out"), "enter")
        await until(pilot, lambda: ("copy_out", name, "/motd", str(tmp_path / "out")) in source.asked, "out")
        await pilot.press("p", *str(tmp_path / "here"), "enter")
        await until(pilot, lambda: ("copy_in", name, str(tmp_path / "here"), "/") in source.asked, "in")


@pytest.mark.parametrize("size", [(80, 24), (60, 40), (200, 60)])
async def test_hostile_names_stay_in_their_cells(make: Make, size: tuple[int, int]) -> None:
    source = FakeSource()
    source.all_networks = [network(text[:2000]) for text in HOSTILE]
    source.entries["/"] = [entry(text[:2000], link=text[:2000]) for text in HOSTILE]
    async with make(source).run_test(size=size) as pilot:
        await stores(pilot)
        await pilot.press("pagedown")
        await pilot.pause()
        assert widths(pilot) == {size[0]}
        await pilot.press("escape")
        await browse(pilot)
        await pilot.pause()
        assert widths(pilot) == {size[0]}
