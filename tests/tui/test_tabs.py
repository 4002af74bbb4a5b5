"""What the inspector's tabs tell of a container."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.containers.models import Status
from engine.containers.namespaces import ContainerNamespaces, MountRow
from engine.containers.network_view import PacketPath
from engine.containers.overlays import Effect
from engine.errors import NotSupported
from engine.events import Event
from engine.network.path import Hop
from tests.tui.conftest import Make
from tests.tui.driving import Driver, app_of, open_tab, ready, screen_lines, text_of, until, widths
from tests.tui.fake import NOW, FakeSource, container
from tests.tui.fake_running import change, mount
from tests.tui.fake_still import StillSource, sampled
from tests.tui.hostile import HOSTILE
from tests.tui.test_hostile import whole
from tui.panels.container_tabs import CONTAINER_TABS
from tui.panels.inspector import Inspector

_BLOCKS = " ▁▂▃▄▅▆▇█"


async def _on(pilot: Driver, tab: str, holds: Callable[[str], bool] = bool) -> Inspector:
    """The inspector, with a tab of the first container in front and its content there."""
    await ready(pilot)
    return await open_tab(pilot, tab, holds)


async def test_stats_are_six_plots_with_their_figures(make: Make) -> None:
    async with make(StillSource()).run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Stats", lambda _: True)
        sampled(pilot, 0, 40)
        text = text_of(inspector)
        for word in ("cpu", "memory", "network", "disk", "processes", "waited for", "of 512 MB", "█"):
            assert word in text, word
        assert len(widths(pilot)) == 1


async def test_a_new_sample_touches_one_column_of_each_plot(make: Make) -> None:
    async with make(StillSource()).run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Stats", lambda _: True)
        sampled(pilot, 0, 30)
        before = text_of(inspector).splitlines()
        sampled(pilot, 30, 31)
        after = text_of(inspector).splitlines()
        changed = {
            column
            for one, other in zip(before, after, strict=True)
            for column, (old, new) in enumerate(zip(one.ljust(120), other.ljust(120), strict=True))
            if old != new and (old in _BLOCKS and new in _BLOCKS)
        }
        assert 1 <= len(changed) <= 2


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 30), (200, 60), (100, 80)])
async def test_plots_fit_the_window(make: Make, size: tuple[int, int]) -> None:
    async with make(StillSource()).run_test(size=size) as pilot:
        inspector = await _on(pilot, "Stats", lambda _: True)
        sampled(pilot, 0, 5)
        await pilot.pause()
        assert widths(pilot) == {size[0]}
        assert "cpu" in text_of(inspector).splitlines()[0]


async def test_processes_stand_as_a_tree_with_both_their_numbers(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Processes", lambda text: "walwriter" in text)
        lines = text_of(inspector).splitlines()
        assert lines[0].split()[:2] == ["4211", "1"]
        assert "└ postgres: checkpointer" in lines[1]
        assert "└" not in lines[3]
        assert "4 threads" in "\n".join(screen_lines(pilot))


async def test_config_says_limits_walls_and_env(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Config", lambda text: "PGDATA" in text)
        text = text_of(inspector)
        for words in (
            "at most 512 MB",
            "1.5",
            "on-failure, 5 times",
            "SYS_NICE",
            "nofile=1024:4096",
            "team=harbour",
        ):
            assert words in text, words


async def test_mounts_say_whether_they_may_be_written(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Mounts", lambda text: "pgdata" in text)
        lines = text_of(inspector).splitlines()
        assert lines[0].split() == ["volume", "/var/lib/postgresql", "pgdata", "writable"]
        assert "read only" in lines[1]
        assert lines[2].startswith("tmpfs")


async def test_network_shows_the_way_of_a_packet_and_what_stops_it(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Network", lambda text: "lamina1" in text)
        kinds = [line.split()[1] for line in text_of(inspector).splitlines()[1:]]
        assert kinds == ["inside", "on", "bridge", "rules", "rules", "firewall", "outside"]
        assert "a firewall stops it" in "\n".join(screen_lines(pilot))


async def test_overlay_shows_the_trees_and_what_everything_costs(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Overlay", lambda text: "/etc/passwd" in text)
        lines = text_of(inspector).splitlines()
        assert [line.split()[1] for line in lines[:3]] == ["merged", "upper", "lower"]
        assert "6 layers" in lines[2]
        passwd = next(line for line in lines if "/etc/passwd" in line)
        assert "copied up" in passwd
        assert "costs 4.1 kB" in passwd
        assert "layer 1" in passwd


async def test_a_copy_up_is_seen_as_it_happens(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Overlay", lambda text: "/etc/passwd" in text)
        source.written.put_nowait([change(Effect.COPIED_UP, "/etc/hosts", 300, "debian")])
        await until(pilot, lambda: "/etc/hosts" in text_of(inspector), "the copy-up")
        assert "as it happened" in text_of(inspector)


async def test_namespaces_stand_beside_those_of_the_host(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Namespaces", lambda text: "mnt" in text)
        rows = {line.split()[1]: line for line in text_of(inspector).splitlines()[:8]}
        assert "its own" in rows["mnt"]
        assert "the host's" in rows["net"]
        assert "with cache" in rows["ipc"]
        assert "SYS_MODULE" in text_of(inspector)


async def test_health_tells_the_last_answers_the_newest_first(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Health", lambda text: "pg_isready" in text)
        lines = text_of(inspector).splitlines()
        assert "too slow" in lines[1]
        assert "says 2" in lines[2]
        assert "port 5432" in lines[3]
        assert "works" in lines[4]
        assert "2 in a row" in "\n".join(screen_lines(pilot))


async def test_events_are_those_of_the_container_and_go_on(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Events", lambda text: "die" in text)
        assert [line.split()[2] for line in text_of(inspector).splitlines()] == [
            "create", "network", "start", "die", "start",
        ]  # fmt: skip
        await until(pilot, lambda: len(source.followers) == 2, "the follower")
        mine = app_of(pilot).state.subject
        assert mine is not None
        source.tell(Event(NOW, "container", "pause", mine.id, {}))
        await until(pilot, lambda: "pause" in text_of(inspector), "what happened now")


_TEACHES = {
    "Stats": "S starts it",
    "Processes": "S starts it",
    "Mounts": "-v NAME:/path",
    "Network": "uses the host's network",
    "Overlay": "copied up first",
    "Namespaces": "S starts it",
    "Steps": "S starts it",
    "Health": "--health-cmd",
    "Events": "The journal has nothing",
}


@pytest.mark.parametrize("tab", _TEACHES)
async def test_every_tab_teaches_where_there_is_nothing_to_show(make: Make, tab: str) -> None:
    source = FakeSource()
    source.made = [item for item in source.made if item.status is Status.CREATED]
    source.inspected["Mounts"], source.inspected["HostConfig"]["Tmpfs"] = [], {}
    del source.inspected["Config"]["Healthcheck"]
    source.paths, source.past = (), []
    source.view = source.view._replace(changes=(), merged="")
    source.steps = _nothing  # type: ignore[assignment,method-assign]
    async with make(source).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await open_tab(pilot, tab, lambda _: True)
        await until(pilot, lambda: _TEACHES[tab] in "\n".join(screen_lines(pilot)), "words")


async def _nothing(name: str) -> list[object]:
    return []


async def test_tabs_open_by_a_key_and_from_the_palette(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        await ready(pilot)
        inspector = app_of(pilot).workbench.inspector
        await pilot.press("2", "m")
        assert inspector.tab == "Stats"
        assert inspector.has_focus
        await pilot.press("colon", *"namespaces", "enter")
        await until(pilot, lambda: inspector.tab == "Namespaces", "the tab")


async def test_a_text_that_is_too_long_for_its_row_is_shown_in_full_and_copied(make: Make) -> None:
    source = FakeSource()
    source.inspected["Config"]["Env"] = ["LONG=" + "abcd " * 100 + "end"]
    async with make(source).run_test(size=(80, 24)) as pilot:
        inspector = await _on(pilot, "Config", lambda text: "LONG=" in text)
        assert inspector.go_to_key(next(row.key for row in inspector.rows if "long=" in row.search))
        await pilot.press("enter")
        await until(pilot, lambda: "end" in "\n".join(screen_lines(pilot)), "its end")
        await pilot.press("y")
        assert app_of(pilot).clipboard.endswith("end")


async def test_only_the_tab_in_front_is_read(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(160, 45)) as pilot:
        await _on(pilot, "Processes", lambda text: "walwriter" in text)
        assert {asked[0] for asked in source.asked} == {"processes"}


async def test_nothing_is_read_for_an_inspector_that_is_not_seen(make: Make) -> None:
    source = FakeSource()
    async with make(source).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app = app_of(pilot)
        app.workbench.inspector.choose("container", "Namespaces")
        await pilot.press("2")
        await pilot.press("j", "k")
        await pilot.pause(0.2)
        assert source.asked == []
        await pilot.press("4")
        await until(pilot, lambda: "mnt" in text_of(app.workbench.inspector), "the namespaces")


async def test_a_click_on_a_name_in_the_border_opens_the_tab(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Mounts", lambda text: "pgdata" in text)
        start = next(start for start, _, name in inspector.tab_places if name == "Network")
        await pilot.click("#inspector", offset=(start + 1, 0))
        assert inspector.tab == "Network"
        await until(pilot, lambda: "lamina1" in text_of(inspector), "its content")
        start, end, hidden = inspector.tab_places[-1]
        assert screen_lines(pilot)[inspector.region.y][inspector.region.x + end - 1] == "›"
        await pilot.click("#inspector", offset=(end - 1, 0))
        assert inspector.tab == hidden


async def test_a_read_that_lasts_is_told_in_the_border_and_blanks_nothing(make: Make) -> None:
    source = FakeSource()
    held = asyncio.Event()
    answer = source.namespaces

    async def late(name: str) -> ContainerNamespaces:
        await held.wait()
        return await answer(name)

    source.namespaces = late  # type: ignore[method-assign]
    async with make(source).run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Mounts", lambda text: "pgdata" in text)
        inspector.open_tab("Namespaces")
        await until(pilot, lambda: "reading…" in "\n".join(screen_lines(pilot)), "the word")
        assert "pgdata" in "\n".join(screen_lines(pilot))
        held.set()
        await until(pilot, lambda: "mnt" in text_of(inspector), "the namespaces")
        assert "reading…" not in "\n".join(screen_lines(pilot))


async def test_what_was_known_stands_there_at_once_when_one_comes_back(make: Make) -> None:
    async with make().run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Mounts", lambda text: "pgdata" in text)
        await open_tab(pilot, "Namespaces", lambda text: "mnt" in text)
        inspector.open_tab("Mounts")
        assert "pgdata" in text_of(inspector)


async def test_a_tab_that_cannot_be_read_says_why(make: Make) -> None:
    source = FakeSource()

    async def refuse(name: str) -> None:
        raise NotSupported("the kernel shows no namespaces", hint="mount /proc")

    source.namespaces = refuse  # type: ignore[assignment,method-assign]
    async with make(source).run_test(size=(160, 45)) as pilot:
        inspector = await _on(pilot, "Namespaces", lambda _: True)
        await until(pilot, lambda: "mount /proc" in inspector.empty, "the reason")
        assert inspector.empty[1:] == ("the kernel shows no namespaces", "mount /proc")


@pytest.mark.parametrize("width", [60, 80, 99, 100, 160])
@pytest.mark.parametrize("tab", CONTAINER_TABS)
def test_the_tab_in_front_is_named_in_the_border_however_narrow(tab: str, width: int) -> None:
    from tui.panels.tab_line import tab_line

    line = tab_line(CONTAINER_TABS, tab, width - 12)
    text = "".join(text for text, _ in line.spans)
    assert tab in text
    assert len(text) <= width - 12
    assert all(name in CONTAINER_TABS for _, _, name in line.places)


class _HostileSource(FakeSource):
    """What a program, an image or a network says of itself is hostile wherever it can be."""

    def __init__(self) -> None:
        super().__init__()
        self.made = [container(HOSTILE[0], HOSTILE[1], Status.RUNNING)]
        self.made[0] = self.made[0]._replace(labels=dict(zip(HOSTILE, HOSTILE, strict=True)))
        config, host = self.inspected["Config"], self.inspected["HostConfig"]
        config |= {"Env": list(HOSTILE), "Cmd": list(HOSTILE), "Entrypoint": list(HOSTILE)}
        config |= {"User": HOSTILE[3], "Hostname": HOSTILE[4], "StopSignal": HOSTILE[5]}
        config["Healthcheck"]["Test"] = ["CMD", *HOSTILE]
        host |= {"ExtraHosts": list(HOSTILE), "Tmpfs": dict.fromkeys(HOSTILE, HOSTILE[0])}
        self.inspected["Mounts"] = [
            mount("volume", text, text, True, text) | {"Propagation": text, "Subpath": text}
            for text in HOSTILE
        ]
        look = self.inspected["State"]["Health"]["Log"][1]
        self.inspected["State"]["Health"]["Log"] = [look | {"Output": text} for text in HOSTILE]
        self.running = [
            self.running[0]._replace(
                pid=n, parent=n - 1, command=text, name=text, state=text[:1], terminal=text
            )
            for n, text in enumerate(HOSTILE, 1)
        ]
        path = self.paths[0]
        network = path.endpoint.network._replace(name=HOSTILE[2], bridge=HOSTILE[3])
        hops = tuple(Hop("rules", text, text, True) for text in HOSTILE)
        self.paths = (PacketPath(path.endpoint._replace(network=network, aliases=HOSTILE), hops),)
        self.view = self.view._replace(changes=tuple(change(Effect.NEW, text, 9) for text in HOSTILE))
        self.walls = self.walls._replace(
            mounts=tuple(MountRow(text, text, text, text) for text in HOSTILE),
            groups=HOSTILE,
            namespaces=tuple(one._replace(shared_with=HOSTILE) for one in self.walls.namespaces),
        )
        mine = self.made[0].id
        self.past = [Event(NOW, "container", text, mine, {text: text, "exitCode": text}) for text in HOSTILE]


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", [tab for tab in CONTAINER_TABS if tab not in ("Logs", "Steps", "Files")])
async def test_hostile_text_stays_in_its_cell(make: Make, tab: str, size: tuple[int, int]) -> None:
    async with make(_HostileSource()).run_test(size=size) as pilot:
        await ready(pilot)
        inspector = await open_tab(pilot, tab, lambda _: True)
        state = app_of(pilot).state
        known = tab if tab != "Stats" else ""
        await until(
            pilot, lambda: not known or any(key[1] == known for key in state.facts), "what the tab tells"
        )
        for key in ("pagedown", "end", "pageup", "down"):
            await pilot.press(key)
            await pilot.pause()
            whole(pilot, size[0])
        assert inspector.tab == tab
