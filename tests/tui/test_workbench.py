"""What one sees and does on the workbench, with keys and without looking at colours."""

from __future__ import annotations

import pytest

from engine.containers.models import ContainerOptions, Status
from tests.tui.conftest import Make
from tests.tui.driving import app_of, ready, screen_lines, text_of, until, widths
from tests.tui.fake import NOW, FakeSource, container
from tui.screens.confirm import Confirm
from tui.screens.explorer import Explorer
from tui.screens.help import Help
from tui.screens.palette import Palette
from tui.screens.pull import PullDialog
from tui.screens.run import RunDialog
from tui.widgets.rows import RowList


async def test_the_first_screen_shows_images_containers_layers_and_files(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        assert "postgres:15.1" in text_of(bench.images)
        assert "cache" in text_of(bench.containers)
        assert "RUN apt-get install -y postgresql-15" in text_of(bench.stack)
        assert "gosu" in text_of(bench.inspector)


async def test_the_newest_layer_lies_on_top(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        positions = [line.split()[1] for line in text_of(app_of(pilot).workbench.stack).splitlines()]
        assert positions == ["6", "5", "4", "3", "2", "1"]


async def test_the_right_side_follows_the_cursor_on_the_left(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        await pilot.press("G")
        await until(pilot, lambda: len(app.workbench.stack.rows) == 1, "the layer of debian:12")


async def test_a_container_shows_its_images_stack_below_its_writable_layer(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        await pilot.press("2")
        bench = app_of(pilot).workbench
        await until(pilot, lambda: bench.stack.rows[0].key == "writable", "the writable layer")
        assert "writable layer of pg1" in text_of(bench.stack)
        assert len(bench.stack.rows) == 7


async def test_enter_goes_in_and_escape_comes_back(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        await pilot.press("enter")
        assert bench.stack.has_focus
        await pilot.press("enter")
        assert type(pilot.app.screen) is Explorer
        await pilot.press("escape")
        assert bench.is_current
        await pilot.press("4", "escape")
        assert bench.stack.has_focus
        await pilot.press("escape")
        assert bench.images.has_focus


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5"])
async def test_a_number_goes_to_its_panel(make: Make, key: str) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press(key)
        panel = app_of(pilot).workbench.panel
        assert int(key) == panel.NUMBER
        assert panel.region.area > 0


async def test_tab_reaches_every_panel_in_one_column(make: Make) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        seen = []
        for _ in range(5):
            seen.append(bench.panel.NUMBER)
            assert bench.panel.region.width == 80
            await pilot.press("tab")
        assert seen == [1, 2, 3, 4, 5]


async def test_a_filter_narrows_while_typing_and_escape_shows_all_again(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        images = app_of(pilot).workbench.images
        await pilot.press("slash", *"redis")
        await until(pilot, lambda: len(images.rows) == 1, "one row")
        await pilot.press("enter")
        assert images.has_focus
        assert len(images.rows) == 1
        await pilot.press("escape")
        assert len(images.rows) == 5


async def test_images_are_sorted_by_name_and_by_size(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        images = app_of(pilot).workbench.images
        await pilot.press("o")
        assert text_of(images).splitlines()[0].strip().startswith("127.0.0.1:5000")
        await pilot.press("o")
        assert text_of(images).splitlines()[-1].strip().startswith("lab/web:1")


async def test_tabs_of_an_image_show_config_history_and_users(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        inspector = app_of(pilot).workbench.inspector
        await pilot.press("right_square_bracket")
        assert "PGDATA=/var/lib/postgresql/data" in text_of(inspector)
        await pilot.press("right_square_bracket")
        assert 'CMD ["postgres"]' in text_of(inspector)
        await pilot.press("right_square_bracket")
        assert "shares 5 of 6 layers" in text_of(inspector)
        assert "pg1" in text_of(inspector)


async def test_logs_follow_and_steps_tell_how_it_started(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        inspector = app_of(pilot).workbench.inspector
        await pilot.press("2", "l")
        await until(pilot, lambda: text_of(inspector).count("checkpoint") == 40, "the log")
        assert inspector.key == "39"
        inspector.open_tab("Steps")
        await until(pilot, lambda: "pivot_root . ." in text_of(inspector), "the steps")


async def test_stop_says_so_at_once_and_the_truth_when_known(make: Make) -> None:
    source = FakeSource()
    source.hold_stop.clear()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        await pilot.press("2", "s")
        await until(pilot, lambda: "stopping…" in text_of(bench.containers), "the word")
        assert "lamina stop pg1" in text_of(bench.activity)
        source.hold_stop.set()
        await until(pilot, lambda: "stopping…" not in text_of(bench.containers), "the truth")
        await until(pilot, lambda: "exited 0" in text_of(bench.containers).splitlines()[0], "the state")


async def test_a_second_stop_while_one_is_under_way_is_not_asked_for(make: Make) -> None:
    source = FakeSource()
    source.hold_stop.clear()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("2", "s")
        await until(pilot, lambda: bool(app_of(pilot).state.running_tasks), "the task")
        await pilot.press("s")
        await pilot.pause()
        assert [asked[0] for asked in source.asked].count("stop") == 1
        source.hold_stop.set()


async def test_another_verb_meanwhile_is_told_to_wait(make: Make) -> None:
    source = FakeSource()
    source.hold_stop.clear()
    async with make(source).run_test(size=(160, 45), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("2", "s")
        await until(pilot, lambda: "stopping" in "\n".join(screen_lines(pilot)), "the word in its row")
        await pilot.press("r")
        await until(pilot, lambda: "restart waits: pg1 is stopping" in "\n".join(screen_lines(pilot)), "it")
        source.hold_stop.set()
        assert ("restart",) not in {asked[:1] for asked in source.asked}


async def test_start_starts_a_container_that_has_ended(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("2", "j", "j", "S")
        await until(pilot, lambda: source.made[2].status is Status.RUNNING, "the container")


async def test_removing_a_container_asks_and_no_is_the_default(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("2", "d")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("enter")
        assert source.asked == []
        await pilot.press("d", "y")
        await until(pilot, lambda: ("remove", source_id(source, "pg1"), True) in source.asked, "the removal")


def source_id(source: FakeSource, name: str) -> str:
    """The id of the container that has, or had, this name."""
    return container(name, "", Status.CREATED).id


async def test_removing_an_image_says_first_what_it_frees(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm), "the question")
        drawn = "\n".join(screen_lines(pilot))
        assert "Remove postgres:15.1?" in drawn
        assert "Frees 189 B, 1 layer." in drawn
        assert "5 layers stay" in drawn
        await pilot.press("y")
        await until(pilot, lambda: len(app_of(pilot).state.images or ()) == 4, "the list without it")


async def test_the_lab_starts_with_one_key_and_offers_its_first_image(make: Make) -> None:
    source = FakeSource(empty=True)
    async with make(source).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "start the lab" in "\n".join(screen_lines(pilot))
        await pilot.press("L")
        await until(pilot, lambda: isinstance(pilot.app.screen, PullDialog), "the offer")
        await until(pilot, lambda: "3 of 3 layers to fetch" in "\n".join(screen_lines(pilot)), "the plan")
        assert ("pull", "lab/web:1") not in source.asked
        await pilot.press("enter")
        await until(pilot, lambda: "as predicted" in "\n".join(screen_lines(pilot)), "the outcome")
        await pilot.press("enter")
        await until(pilot, lambda: "lab/web:1" in text_of(app_of(pilot).workbench.images), "the image")


async def test_a_plan_shows_what_is_here_before_anything_travels(make: Make) -> None:
    source = FakeSource()
    del source.stacks["postgres:15.1"]
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("P", *"postgres:15.1", "enter")
        await until(pilot, lambda: "1 of 6 layers to fetch" in "\n".join(screen_lines(pilot)), "the plan")
        plan = pilot.app.screen.query_one("#plan", RowList)
        assert [" here " in line for line in text_of(plan).splitlines()] == [False, *[True] * 5]
        assert not any(asked[0] == "pull" for asked in source.asked)


async def test_a_plan_that_fails_says_why_and_lets_one_mend_the_name(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("P", *"nowhere", "enter")
        await until(pilot, lambda: "is not in its registry" in "\n".join(screen_lines(pilot)), "the reason")
        assert "check the name and the tag" in "\n".join(screen_lines(pilot))
        await pilot.press("escape", *":1", "enter")
        await until(
            pilot, lambda: "nowhere:1 is not in" in "\n".join(screen_lines(pilot)), "the second answer"
        )


async def test_a_pull_goes_on_when_its_dialog_is_left_and_can_be_looked_at_again(make: Make) -> None:
    source = FakeSource(empty=True)
    source.hold_pull.clear()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        await pilot.press("P", *"lab/web:1", "enter")
        await until(pilot, lambda: app.state.plan is not None, "the plan")
        await pilot.press("enter")
        await until(pilot, lambda: " of 7.0 MB" in "\n".join(screen_lines(pilot)), "progress")
        await pilot.press("escape", "5")
        assert "pull lab/web:1" in text_of(app.workbench.activity)
        await pilot.press("enter")
        assert isinstance(app.screen, PullDialog)
        source.hold_pull.set()
        await until(pilot, lambda: "as predicted" in "\n".join(screen_lines(pilot)), "the outcome")


async def test_a_pull_can_be_cancelled(make: Make) -> None:
    source = FakeSource(empty=True)
    source.hold_pull.clear()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        app.commands.pull("lab/web:1")
        await until(pilot, lambda: bool(app.state.pulls), "the pull")
        await pilot.press("5", "X")
        await until(pilot, lambda: "cancelled" in text_of(app.workbench.activity), "the end")
        assert app.state.images == ()


async def test_leaving_while_a_pull_runs_asks(make: Make) -> None:
    source = FakeSource(empty=True)
    source.hold_pull.clear()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        app.commands.pull("lab/web:1")
        await until(pilot, lambda: bool(app.state.running_tasks), "the task")
        await pilot.press("q")
        assert isinstance(app.screen, Confirm)
        await pilot.press("n")
        assert app.is_running
        source.hold_pull.set()


async def test_run_shows_the_command_and_gives_the_options(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("R")
        assert isinstance(pilot.app.screen, RunDialog)
        await pilot.press(*"psql -c x", "tab", *"db", "tab", *"A=1", "tab", *"/tmp:/mnt:ro")
        await pilot.press("tab", *"8080:80", "tab", *"host", "tab", *"64m")
        await pilot.pause()
        shown = "\n".join(screen_lines(pilot))
        assert "lamina run -d --name db --network host --memory 64m -e A=1 -v /tmp:/mnt:ro" in shown
        await pilot.press("enter")
        await until(pilot, lambda: any(asked[0] == "start" for asked in source.asked), "the start")
        options = next(asked[1] for asked in source.asked if asked[0] == "create")
        assert isinstance(options, ContainerOptions)
        assert (options.name, options.command, options.network) == ("db", ("psql", "-c", "x"), "host")
        assert (options.resources.memory, options.ports[0].port) == (64 << 20, 8080)
        bench = app_of(pilot).workbench
        await until(pilot, lambda: bench.panel is bench.containers, "the cursor on the new container")
        assert bench.containers.cursor == 0


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [(0, "'", "no closing quotation"), (1, "a b", "a name is letters"), (2, "A", "A is not NAME=value"),
     (3, "etc:x", "cannot be run like this")],
)  # fmt: skip
async def test_a_field_that_cannot_be_meant_is_named_and_nothing_runs(
    make: Make, field: int, typed: str, said: str
) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("R", *["tab"] * field, *typed, "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, RunDialog)
        assert said in "\n".join(screen_lines(pilot))
        assert source.asked == []


async def test_help_lists_every_verb_with_a_key(make: Make) -> None:
    from tui.actions import ACTIONS

    async with make().run_test(size=(120, 130)) as pilot:
        await ready(pilot)
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, Help)
        shown = "\n".join(screen_lines(pilot))
        assert [
            item.label
            for item in ACTIONS
            if item.about not in shown and item.keys and "workbench" in item.screens
        ] == []


async def test_the_palette_goes_to_a_container_by_name(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("colon")
        assert isinstance(pilot.app.screen, Palette)
        await pilot.press(*"cache", "enter")
        await pilot.pause()
        app = app_of(pilot)
        assert app.workbench.panel is app.workbench.containers
        assert (found := app.state.container_of(app.state.subject)) is not None
        assert found.name == "cache"


async def test_the_palette_does_verbs(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p", *"next theme", "enter")
        await pilot.pause()
        assert app_of(pilot).palette.theme.name == "lamina-light"


async def test_the_palette_changes_the_theme_by_name(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("colon", *"mono", "enter")
        await until(pilot, lambda: app_of(pilot).palette.theme.name == "monochrome", "the theme")


async def test_what_another_front_does_appears(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        source.made.append(container("elsewhere", "debian:12", Status.RUNNING))
        source.changed("container")
        bench = app_of(pilot).workbench
        await until(pilot, lambda: "elsewhere" in text_of(bench.containers), "the new container")


async def test_the_cursor_stays_on_its_row_when_rows_come_before_it(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        bench = app_of(pilot).workbench
        await pilot.press("2", "j")
        source.made.insert(0, container("first", "debian:12", Status.RUNNING))
        source.changed("container")
        await until(pilot, lambda: len(bench.containers.rows) == 6, "the new container")
        assert bench.containers.cursor == 2
        assert bench.containers.key == source_id(source, "cache")


@pytest.mark.parametrize("size", [(59, 20), (80, 15)])
async def test_a_window_too_small_says_so_and_recovers(make: Make, size: tuple[int, int]) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        await pilot.press("2", "j")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert "too small" in "\n".join(screen_lines(pilot))
        await pilot.resize_terminal(120, 30)
        await pilot.pause()
        assert "Images" in "\n".join(screen_lines(pilot))
        assert app_of(pilot).workbench.containers.cursor == 1


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (120, 30), (160, 45), (200, 60)])
async def test_no_line_is_torn_at_any_size(make: Make, size: tuple[int, int]) -> None:
    async with make().run_test(size=size) as pilot:
        await ready(pilot)
        assert widths(pilot) == {size[0]}


async def test_the_age_of_a_running_container_is_rounded(make: Make) -> None:
    async with make().run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        assert "up 3m" in text_of(app_of(pilot).workbench.containers)
        assert app_of(pilot).state.now() == NOW
