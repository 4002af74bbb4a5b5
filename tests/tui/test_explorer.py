"""The explorer: layers, files with their marks, blame, waste, and what is done with a path."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App

from engine.analysis.content import Contents
from engine.layers.table import FileTable
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, ready, screen_lines, text_of, until
from tests.tui.fake import FakeSource
from tests.tui.fake_inside import LAYERS, contents
from tests.tui.hostile import HOSTILE
from tests.tui.test_hostile import whole
from tui.panels.tree import SceneRows
from tui.screens.explorer import Explorer
from tui.screens.file import FileView
from tui.screens.line import LineDialog
from tui.widgets.columns import Row


async def opened(pilot: Driver, *, layer: int = 3) -> Explorer:
    """Go into the first image and put the cursor on a layer; the tree is there."""
    await ready(pilot)
    await pilot.press("e")
    explorer = pilot.app.screen
    assert isinstance(explorer, Explorer)
    await until(pilot, lambda: explorer.files.scene is not None, "the files")
    for _ in range(len(explorer.detail.layers) - layer):
        await pilot.press("down")
    await until(pilot, lambda: shows(explorer, layer), "the layer")
    return explorer


def shows(explorer: Explorer, layer: int) -> bool:
    scene = explorer.files.scene
    return scene is not None and scene.wish == explorer.wish and scene.wish.position == layer


async def wished(pilot: Driver, explorer: Explorer, *keys: str) -> str:
    """Press keys, and give the tree that comes of them."""
    await pilot.press(*keys)
    await until(
        pilot,
        lambda: explorer.files.scene is not None and explorer.files.scene.wish == explorer.wish,
        "the tree",
    )
    return text_of(explorer.files)


async def test_the_tree_shows_what_the_chosen_layer_did(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        text = text_of(explorer.files)
        assert "▌~ ▾ etc" in text
        assert "▌~     config.py" in text
        assert "▌−     motd" in text
        assert "▌  ▸ usr" in text


async def test_one_layer_alone_shows_only_its_own_paths(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot, layer=2)
        text = await wished(pilot, explorer, "v")
        assert "main.py" in text
        assert "usr" not in text


@pytest.mark.parametrize(("key", "gone"), [("M", "config.py"), ("R", "motd"), ("U", "usr")])
async def test_kinds_of_change_can_be_hidden_and_shown_again(make: Make, key: str, gone: str) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        assert gone in text_of(explorer.files)
        assert gone not in await wished(pilot, explorer, key)
        assert gone in await wished(pilot, explorer, key)


async def test_the_largest_come_first_when_sorted_by_size(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot, layer=1)
        text = await wished(pilot, explorer, "o", "minus")
        names = [line.split()[2] for line in text.splitlines()]
        assert names == ["var", "bin", "etc", "usr"]


async def test_a_glob_and_words_find_paths_in_closed_directories(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        found = await wished(pilot, explorer, "slash", *"*.py", "enter")
        assert [line.split()[-5] for line in found.splitlines()] == ["etc/config.py", "opt/app/main.py"]
        found = await wished(pilot, explorer, "escape")
        assert "usr" in found
        assert "README" in await wished(pilot, explorer, "slash", *"doc read", "enter")


async def test_directories_open_and_close(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        everything = await wished(pilot, explorer, "plus")
        assert "README" in everything
        assert "README" not in await wished(pilot, explorer, "minus")
        await pilot.press("tab", "G")
        for _ in range(3):
            if explorer.path != "usr":
                await pilot.press("up")
        await pilot.press("right", "down", "right", "down", "right")
        assert "README" in text_of(explorer.files)
        await pilot.press("left", "left", "left", "left", "left")
        assert explorer.path == "usr"
        assert "README" not in text_of(explorer.files)


async def test_blame_names_every_layer_that_touched_the_path(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        await pilot.press("tab", "g")
        while explorer.path != "etc/config.py":
            await pilot.press("down")
        await until(pilot, lambda: "hidden" in text_of(explorer.story), "the story")
        lines = text_of(explorer.story).splitlines()
        assert ["changed" in lines[0], "added" in lines[1], len(lines)] == [True, True, 2]


async def test_waste_leads_to_the_layer_at_fault(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        await pilot.press("w")
        await until(pilot, lambda: explorer.waste.display, "the waste")
        assert "var/cache/big" in text_of(explorer.waste).splitlines()[0]
        await pilot.press("enter")
        await until(pilot, lambda: shows(explorer, 2), "the layer")
        await until(pilot, lambda: explorer.path == "var/cache/big", "the path")
        assert explorer.files.has_focus


async def _on_file(pilot: Driver, path: str, *, layer: int = 3) -> FileView:
    explorer = await opened(pilot, layer=layer)
    await pilot.press("tab")
    await wished(pilot, explorer, "plus")
    await pilot.press("g")
    while explorer.path != path:
        await pilot.press("down")
    await pilot.press("enter")
    view = pilot.app.screen
    assert isinstance(view, FileView)
    await until(pilot, lambda: view.content.page is not None, "the file")
    return view


async def test_a_text_file_is_shown_with_its_lines(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        view = await _on_file(pilot, "etc/config.py")
        assert "2  port = 8080" in text_of(view.content)
        assert view.content.page is not None
        assert "3 lines" in view.content.page.about


async def test_a_binary_is_shown_as_bytes(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        view = await _on_file(pilot, "bin/tool")
        assert "00000020  20 21 22" in text_of(view.content)


async def test_a_file_is_laid_beside_the_copy_below(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        view = await _on_file(pilot, "etc/config.py")
        await pilot.press("d")
        await until(pilot, lambda: "+port = 8080" in text_of(view.content), "the difference")
        assert "-port = 80" in text_of(view.content)


async def test_a_search_goes_to_the_lines_with_the_words(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        view = await _on_file(pilot, "etc/config.py")
        await pilot.press("slash", *"name", "enter")
        assert view.content.cursor == 2
        await pilot.press("escape", "escape")
        assert isinstance(pilot.app.screen, Explorer)


async def test_a_file_is_extracted_where_one_says(make: Make, tmp_path: Path) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await _on_file(pilot, "etc/config.py")
        await pilot.press("x")
        assert isinstance(pilot.app.screen, LineDialog)
        pilot.app.screen.field.value = str(tmp_path / "mine.py")
        await pilot.press("enter")
        target = tmp_path / "mine.py"
        tasks = app_of(pilot).state.tasks
        await until(pilot, lambda: any(task.state == "done" for task in tasks.values()), "the end")
        assert target.read_bytes() == LAYERS[2]["etc/config.py"]
        assert [task.command.split()[:2] for task in tasks.values()] == [["lamina", "extract"]]


async def test_the_path_goes_to_the_clipboard(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        explorer = await opened(pilot)
        await pilot.press("tab", "y")
        assert pilot.app.clipboard == f"/{explorer.path}"


async def test_inside_tmux_the_terminal_around_it_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMUX", f"{tmp_path}/nobody,1,0")
    async with make().run_test(size=(160, 45)) as pilot:
        await opened(pilot)
        app: App[None] = pilot.app
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        await pilot.press("tab", "y")
        assert any("\x1bPtmux;\x1b\x1b]52;c;" in text for text in written)


class _Many(FakeSource):
    """An image whose base layer has a hundred thousand files."""

    async def contents(self, name: str) -> Contents:
        number = len((await self.image(name)).layers)
        files: dict[str, bytes | None] = {}
        made = contents(self.disk, (files,), number - 1)
        table = _many()
        return Contents(type(made.stack)([table, *made.stack.entries.tables[1:]]), made.directory)


def _many() -> FileTable:
    from tests.tui.fake_files import table

    return table({f"data/{n // 1000}/file{n}": n for n in range(100_000)})


async def test_of_a_hundred_thousand_files_only_those_in_sight_are_made_into_rows(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    row = SceneRows.row

    def counted(rows: SceneRows, index: int) -> Row:
        made.append(index)
        return row(rows, index)

    async with make(_Many()).run_test(size=(120, 40)) as pilot:
        explorer = await opened(pilot, layer=1)
        await pilot.press("tab", "plus")
        await until(pilot, lambda: len(explorer.files.rows) > 100_000, "all of them")
        await pilot.pause()
        monkeypatch.setattr(SceneRows, "row", counted)
        for key in ("pagedown", "down", "end", "pageup", "up", "home"):
            made.clear()
            await pilot.press(key)
            assert 0 < len(made) < 5 * explorer.files.room, key


class _Hostile(FakeSource):
    async def contents(self, name: str) -> Contents:
        names = (text[:200].replace("/", "|").replace("\0", "") for text in HOSTILE)
        files: dict[str, bytes | None] = {
            name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"): text[:5000].encode(
                "utf-8", "surrogatepass"
            )
            for name, text in zip(names, HOSTILE, strict=True)
            if len(name.encode("utf-8", "surrogatepass")) < 250
        }
        number = len((await self.image(name)).layers)
        return contents(self.disk, (files,), number - 1)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_hostile_names_and_contents_leave_the_screen_whole(make: Make, size: tuple[int, int]) -> None:
    async with make(_Hostile()).run_test(size=size) as pilot:
        explorer = await opened(pilot, layer=1)
        await pilot.press("tab")
        for _ in range(len(explorer.files.rows)):
            await pilot.pause()
            whole(pilot, size[0])
            await pilot.press("enter")
            if isinstance(pilot.app.screen, FileView):
                view = pilot.app.screen
                await until(pilot, lambda view=view: view.content.page is not None, "the file")  # type: ignore[misc]
                whole(pilot, size[0])
                await pilot.press("h")
                await pilot.pause()
                whole(pilot, size[0])
                await pilot.press("escape")
            await pilot.press("down")
        assert pilot.app.is_running
        assert "▌" in "\n".join(screen_lines(pilot))
