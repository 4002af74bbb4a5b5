"""Verbs for containers: on the one under the cursor, or on all that are marked."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import InvalidArgument
from tui.actions import Context
from tui.actions.containers import chosen, running, startable
from tui.actions.tabs import TAB_OF
from tui.panels.groups import labels_of
from tui.several import SeveralContainers
from tui.tasks import Report
from tui.text import count, safe

if TYPE_CHECKING:
    from tui.screens.run import RunAsked


class ContainerCommands(SeveralContainers):
    """What is done with containers."""

    def container_verbs(self) -> dict[str, Callable[[Context], None]]:
        """Verbs by their id."""
        return {
            "run": self._run,
            "start": lambda ctx: self.on_chosen(ctx, "start", "starting…", self._start),
            "stop": lambda ctx: self.on_chosen(ctx, "stop", "stopping…", self._stop),
            "restart": lambda ctx: self.on_chosen(ctx, "restart", "restarting…", self._restart),
            "pause": self._pause,
            "unpause": lambda ctx: self.on_chosen(ctx, "unpause", "going on…", self._unpause),
            "kill": self._kill,
            "rename": self._rename,
            "group": self._group,
            "prune_containers": self._prune_containers,
            **{verb: partial(self._look, tab) for verb, tab in TAB_OF.items()},
        }

    def _look(self, tab: str, _: Context) -> None:
        self.bench.inspector.open_tab(tab)
        self.bench.inspector.focus()

    def _run(self, ctx: Context) -> None:
        from tui.entry import parse_run
        from tui.screens.run import RunDialog

        detail = self.app.state.details.get(ctx.image.id) if ctx.image else None
        if detail is not None:
            self.app.push_screen(RunDialog(detail, parse_run), self.run)

    def run(self, asked: RunAsked | None) -> None:
        """Make a container and start it; the cursor goes to it when it is there."""
        if asked is None:
            return
        options = asked.options
        source = self.app.bridge.source
        made: list[str] = []

        async def work(report: Report) -> str:
            report.step("making the container…")
            container = await source.create(options)
            made.append(container.id)
            report.step("starting…")
            container = await source.start(container.id)
            return (
                f"{container.name} runs as process {container.pid}"
                if container.pid
                else f"{container.name} ran"
            )

        number = self.app.bridge.do(f"run {options.image}", asked.command, work)
        standing = self.bench.panel
        self.after[number] = lambda: self.bench.expect(made[0], standing)

    # looking

    def _group(self, _: Context) -> None:
        """Which label shall group the containers."""
        from tui.screens.pick import Pick

        panel, items = self.bench.containers, self.app.state.containers or ()
        labels = labels_of(items)
        rows = [("", "not grouped", "one list", "")]
        rows += [(label, label, f"on {count(number, 'container')}", "") for label, number in labels]

        def take(label: str | None) -> None:
            if label is not None:
                panel.group_by(label)

        self.app.push_screen(Pick("Group containers by a label", rows, panel.label), take)

    # what each verb does to one of them

    async def _start(self, container: str) -> str:
        started = await self.app.bridge.source.start(container)
        return f"runs as process {started.pid}" if started.pid else "ran"

    async def _stop(self, container: str) -> str:
        await self.app.bridge.source.stop(container)
        return "stopped"

    async def _restart(self, container: str) -> str:
        await self.app.bridge.source.restart(container)
        return "restarted"

    async def _unpause(self, container: str) -> str:
        await self.app.bridge.source.unpause(container)
        return "goes on"

    def _pause(self, ctx: Context) -> None:
        async def pause(container: str) -> str:
            await self.app.bridge.source.pause(container)
            return "stands still"

        if any(map(running, chosen(ctx))):
            self.on_chosen(ctx, "pause", "pausing…", pause)
        else:
            self.on_chosen(ctx, "unpause", "going on…", self._unpause)

    def _kill(self, ctx: Context) -> None:
        async def kill(container: str) -> str:
            await self.app.bridge.source.kill(container)
            return "killed"

        effect = "Its program ends at once, without a chance to put things in order."
        self.on_chosen(ctx, "kill", "killing…", kill, effect)

    def remove_containers(self, ctx: Context) -> None:
        """Ask, then remove them; those that run are killed first."""
        alive = {item.id for item in chosen(ctx) if item.pid}

        async def remove(container: str) -> str:
            await self.app.bridge.source.remove(container, force=container in alive)
            return "removed"

        effect = "Its writable layer and its log go; the image's layers stay."
        verb = "rm -f" if alive else "rm"
        self.on_chosen(ctx, "remove", "removing…", remove, effect, verb, len(alive))

    def _rename(self, ctx: Context) -> None:
        item, source = ctx.container, self.app.bridge.source
        if item is None:
            return
        taken = {other.name for other in self.app.state.containers or ()}

        def judge(text: str) -> str:
            from engine.containers.names import check_name

            check_name(text)
            if text in taken:
                raise InvalidArgument(f"{'this' if text == item.name else 'another'} is called {text}")
            return f"is called {text} from then on"

        def go(new: str) -> None:
            async def work(_: Report) -> str:
                await source.rename(item.id, new)
                return f"is called {new}"

            words = shlex.join(["lamina", "rename", item.name, new])
            self.app.bridge.do(f"rename {item.name}", words, work, subject=item.id, meanwhile="renaming…")

        self.ask_line(f"Another name for {safe(item.name, 100)}", item.name, "rename", judge, go)

    def _prune_containers(self, _: Context) -> None:
        items = [item for item in self.app.state.containers or () if startable(item)]

        async def remove(container: str) -> str:
            await self.app.bridge.source.remove(container)
            return "removed"

        effect = "Its writable layer and its log go; the image's layers stay."
        self.ask_for(
            "remove", items, effect, 0, 0,
            lambda: self.do_all("remove", "removing…", items, remove, "lamina container prune"),
        )  # fmt: skip
