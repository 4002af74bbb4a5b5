"""Verbs for containers: on the one under the cursor, or on all that are marked."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.containers.models import ContainerSummary
from engine.errors import Conflict, InvalidArgument
from tui.actions import Context, action
from tui.actions.containers import FITS, chosen, command_on, running, startable
from tui.actions.tabs import TAB_OF
from tui.command_base import CommandBase
from tui.panels.groups import labels_of
from tui.tasks import Report, said
from tui.text import count, safe

if TYPE_CHECKING:
    from tui.screens.run import RunAsked
    from tui.terminal.shell import Opened, Session

_AT_ONCE = 4  # containers that one verb is done to at the same time
_MOST_NAMED = 8

# The shell that people like where the image has it, else the one that nearly every image has.
_SHELL = ("sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh")

Do = Callable[[str], Awaitable[str]]
"""Does a verb to a container by its id, and says what came of it."""


class ContainerCommands(CommandBase):
    """What is done with containers."""

    def container_verbs(self) -> dict[str, Callable[[Context], None]]:
        """Verbs by their id."""
        return {
            "run": self._run,
            "shell": self._shell,
            "attach": self._attach,
            "terminals": lambda _: self._terminals(),
            "start": lambda ctx: self._do(ctx, "start", "starting…", self._start),
            "stop": lambda ctx: self._do(ctx, "stop", "stopping…", self._stop),
            "restart": lambda ctx: self._do(ctx, "restart", "restarting…", self._restart),
            "pause": self._pause,
            "unpause": lambda ctx: self._do(ctx, "unpause", "going on…", self._unpause),
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

    # terminals

    def _shell(self, ctx: Context) -> None:
        if ctx.container is not None:
            container, source = ctx.container, self.app.bridge.source

            async def opened(rows: int, columns: int) -> Session:
                return await source.exec_session(container.id, _SHELL, size=(rows, columns))

            self._open_terminal(f"sh in {container.name}", opened, own=True)

    def _attach(self, ctx: Context) -> None:
        if ctx.container is not None:
            container, source = ctx.container, self.app.bridge.source

            async def opened(_rows: int, _columns: int) -> Session:
                return await source.attach_session(container.id)

            self._open_terminal(container.name, opened, own=False)

    def _open_terminal(self, title: str, opened: Opened, *, own: bool) -> None:
        from tui.terminal.shell import Shell

        self.app.terminals.open(lambda changed: Shell(title, opened, changed, own=own))
        self._terminals()

    def _terminals(self) -> None:
        from tui.screens.terminal import TerminalScreen

        if self.app.terminals.shells:
            self.app.push_screen(TerminalScreen(self.app.terminals))
        else:
            key = action("shell").key(self.app.state)
            self.say("No terminal is open", hint=f"{key} opens a shell in the container under the cursor")

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
            self._do(ctx, "pause", "pausing…", pause)
        else:
            self._do(ctx, "unpause", "going on…", self._unpause)

    def _kill(self, ctx: Context) -> None:
        async def kill(container: str) -> str:
            await self.app.bridge.source.kill(container)
            return "killed"

        effect = "Its program ends at once, without a chance to put things in order."
        self._do(ctx, "kill", "killing…", kill, effect)

    def remove_containers(self, ctx: Context) -> None:
        """Ask, then remove them; those that run are killed first."""
        alive = {item.id for item in chosen(ctx) if item.pid}

        async def remove(container: str) -> str:
            await self.app.bridge.source.remove(container, force=container in alive)
            return "removed"

        effect = "Its writable layer and its log go; the image's layers stay."
        verb = "rm -f" if alive else "rm"
        self._do(ctx, "remove", "removing…", remove, effect, verb, len(alive))

    # on one, or on several after one question

    def _do(
        self, ctx: Context, verb: str, meanwhile: str, work: Do, effect: str = "", command: str = "",
        killed: int = 0,
    ) -> None:  # fmt: skip
        doing = self.app.state.under_way()  # one thing at a time: the row says what is being done
        items = [item for item in chosen(ctx) if FITS[verb](item) and item.id not in doing]
        if not items:
            return
        words = command_on(command or verb, items)
        if len(items) > 1 or ctx.marked:
            left = len(ctx.marked) - len(items)
            self._ask_for(
                verb, items, effect, left, killed, lambda: self._do_all(verb, meanwhile, items, work, words)
            )
            return
        one = items[0]

        def go() -> None:
            self.app.bridge.do(
                f"{verb} {one.name}", words, lambda _: work(one.id), subject=one.id, meanwhile=meanwhile
            )

        if not effect:
            go()
            return
        lines = ("It runs, and is killed first.", effect) if killed else (effect,)
        yes = f"kill and {verb}" if killed else verb
        self.ask(f"{verb.capitalize()} {safe(one.name)}?", lines, yes, go)

    def _ask_for(
        self, verb: str, items: Sequence[ContainerSummary], effect: str, left: int, killed: int,
        go: Callable[[], None],
    ) -> None:  # fmt: skip
        more = len(items) - _MOST_NAMED
        lines = [safe(item.name, 80) for item in items[:_MOST_NAMED]]
        lines += [f"and {more} more"] if more > 0 else []
        if killed:
            lines.append(f"{count(killed, 'of them runs, and is', 'of them run, and are')} killed first.")
        if effect:
            lines.append(f"Of each: {effect[0].lower()}{effect[1:]}")
        if left > 0:
            lines.append(f"{count(left, 'marked one is', 'marked ones are')} left alone: no need, or no way.")
        self.ask(f"{verb.capitalize()} {count(len(items), 'container')}?", tuple(lines), verb, go)

    def _do_all(
        self, verb: str, meanwhile: str, items: Sequence[ContainerSummary], work: Do, words: str
    ) -> None:
        async def all_of_them(report: Report) -> str:
            return await on_all(items, work, report)

        self.bench.containers.unmark()
        self.app.bridge.do(
            f"{verb} {count(len(items), 'container')}", words, all_of_them, cancellable=True, steps=True,
            subjects=frozenset(item.id for item in items), meanwhile=meanwhile,
        )  # fmt: skip

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
        self._ask_for(
            "remove", items, effect, 0, 0,
            lambda: self._do_all("remove", "removing…", items, remove, "lamina container prune"),
        )  # fmt: skip


async def on_all(items: Sequence[ContainerSummary], work: Do, report: Report) -> str:
    """Do something to all of them, a few at a time; one that fails hinders no other.

    :raises Conflict: some failed; says which and why, and how many did not.
    """
    room = asyncio.Semaphore(_AT_ONCE)
    left = {item.id for item in items}
    failed: list[str] = []

    async def one(item: ContainerSummary) -> None:
        async with room:
            try:
                await work(item.id)
            except Exception as error:  # noqa: BLE001  told with the others at the end
                failed.append(f"{item.name}: {said(error)[0]}")
            left.discard(item.id)
            report.leave(left, len(items))

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(one(item))
    if failed:
        done = len(items) - len(failed)
        raise Conflict(
            f"{done} of {len(items)} done; {'; '.join(failed[:3])}", hint="the others are as wished"
        )
    return f"{len(items)} done"
