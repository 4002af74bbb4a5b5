"""One verb on the container under the cursor, or on all that are marked, after one question."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from engine.containers.models import ContainerSummary
from engine.errors import Conflict
from tui.actions import Context
from tui.actions.containers import FITS, chosen, command_on
from tui.command_base import CommandBase
from tui.tasks import Report, said
from tui.text import count, safe

_AT_ONCE = 4  # containers that one verb is done to at the same time
_MOST_NAMED = 8

Do = Callable[[str], Awaitable[str]]
"""Does a verb to a container by its id, and says what came of it."""


class SeveralContainers(CommandBase):
    """What verbs on containers have in common."""

    def on_chosen(
        self, ctx: Context, verb: str, meanwhile: str, work: Do, effect: str = "", command: str = "",
        killed: int = 0,
    ) -> None:  # fmt: skip
        """Do a verb to what is marked, else to what stands under the cursor.

        :param meanwhile: what the row says until it is done; :param effect: what is lost, asked before.
        :param command: the command's own word for it; :param killed: how many run, and are killed first.
        """
        doing = self.app.state.under_way()  # one thing at a time: the row says what is being done
        fitting = [item for item in chosen(ctx) if FITS[verb](item)]
        items = [item for item in fitting if item.id not in doing or verb == "kill"]
        if fitting and not items:
            self.say(
                f"{verb} waits: {safe(fitting[0].name, 60)} is {doing[fitting[0].id]}", "one thing at a time"
            )
        if not items:
            return
        words = command_on(command or verb, items)
        if len(items) > 1 or ctx.marked:
            left = len(ctx.marked) - len(items)
            self.ask_for(
                verb, items, effect, left, killed, lambda: self.do_all(verb, meanwhile, items, work, words)
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

    def ask_for(
        self, verb: str, items: Sequence[ContainerSummary], effect: str, left: int, killed: int,
        go: Callable[[], None],
    ) -> None:  # fmt: skip
        """Ask before a verb is done to several; `left` of what was marked are left alone."""
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

    def do_all(
        self, verb: str, meanwhile: str, items: Sequence[ContainerSummary], work: Do, words: str
    ) -> None:
        """Do a verb to all of them; `words` is the command that does the same."""

        async def all_of_them(report: Report) -> str:
            return await on_all(items, work, report)

        self.bench.containers.unmark()
        self.app.bridge.do(
            f"{verb} {count(len(items), 'container')}", words, all_of_them, cancellable=True, steps=True,
            subjects=frozenset(item.id for item in items), meanwhile=meanwhile,
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
