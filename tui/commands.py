"""Carrying out the verbs of `tui.actions`.

Each answers at once, works in the background, and says what came of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from engine.lab.models import LabProgress
from tui import actions
from tui.actions import Context, Place
from tui.image_commands import ImageCommands
from tui.tasks import Report
from tui.text import count, safe
from tui.updates import RemovePreviewed, TaskChanged, Update

if TYPE_CHECKING:
    from tui.app import Lamina
    from tui.screens.run import RunAsked

_FIRST_IMAGE = "lab/web:1"
_EVERYWHERE = frozenset({"filter", "help", "palette", "theme", "mouse", "quit"})  # the same on every screen


class Commands(ImageCommands):
    """What each verb does."""

    def __init__(self, app: Lamina) -> None:
        super().__init__(app)
        self._verbs: dict[str, Callable[[Context], None]] = {
            "open": lambda _: self.bench.open_current(),
            "back": lambda _: self.bench.go_back(),
            "next": lambda _: self.bench.focus_next_panel(1),
            "previous": lambda _: self.bench.focus_next_panel(-1),
            "filter": lambda _: self.board.open_filter(),
            "sort": lambda _: self._sort(),
            "tab(1)": lambda _: self.bench.inspector.turn(1),
            "tab(-1)": lambda _: self.bench.inspector.turn(-1),
            "pull": lambda _: self.open_pull(),
            "run": self._run,
            "explore": self.explore,
            "logs": self._logs,
            "start": self._start,
            "stop": self._stop,
            "kill": self._kill,
            "remove": self._remove,
            "copy": self._copy,
            "open_task": self._open_task,
            "cancel": lambda ctx: self.app.bridge.cancel(ctx.task.id) if ctx.task else None,
            "lab_up": lambda _: self._lab_up(),
            "lab_down": lambda _: self._lab_down(),
            "help": lambda _: self._help(),
            "palette": lambda _: self._palette(),
            "theme": lambda _: self._next_theme(),
            "mouse": lambda _: self._turn_mouse(),
            "quit": lambda _: self._quit(),
        }
        self._verbs |= self.image_verbs()
        self._verbs["stores(networks)"] = lambda _: self._open_stores("networks")
        self._verbs["stores(volumes)"] = lambda _: self._open_stores("volumes")
        self._verbs["files"] = self._browse_container
        for number in range(1, 6):
            self._verbs[f"panel({number})"] = partial(self._panel, number)

    def _open_stores(self, place: Place) -> None:
        from tui.screens.stores import Stores

        self.app.push_screen(Stores(place))

    def _browse_container(self, ctx: Context) -> None:
        from tui.screens.browse import Browse, of_container

        if ctx.container is not None:
            self.app.push_screen(Browse(of_container(self.app.bridge.source, ctx.container.name)))

    def _panel(self, number: int, _: Context) -> None:
        self.bench.focus_panel(number)

    def do(self, action_id: str) -> None:
        """Do a verb where the person stands, if it can be done there."""
        board = self.board
        ctx = board.context
        item = actions.action(action_id)
        if item.changes and self.app.state.read_only:
            self.say(f"{item.label} changes something, and this workstation only looks", bad=True)
        elif item.available(ctx):
            if board is self.bench or action_id in _EVERYWHERE:
                self._verbs[action_id](ctx)
            else:
                board.perform(action_id)

    def answer(self, updates: Iterable[Update]) -> None:
        """What the screen says to things that came to an end."""
        for update in updates:
            match update:
                case TaskChanged(task) if task.state != "running":
                    after = self.after.pop(task.id, None)
                    if task.state == "failed" and task.asked:
                        self.say(f"{task.what}: {task.note}", task.hint, bad=True)
                    elif after is not None and task.state == "done":
                        after()
                case RemovePreviewed():
                    self.confirm_remove_image(update)

    # images

    def _sort(self) -> None:
        self.bench.images.sort_next()

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

    # containers

    def _logs(self, _: Context) -> None:
        self.bench.inspector.open_tab("Logs")
        self.bench.inspector.focus()

    def _start(self, ctx: Context) -> None:
        source = self.app.bridge.source

        async def start(container: str) -> str:
            started = await source.start(container)
            return f"runs as process {started.pid}" if started.pid else "ran"

        self._do_container(ctx, "start", "starting…", start)

    def _stop(self, ctx: Context) -> None:
        source = self.app.bridge.source

        async def stop(container: str) -> str:
            await source.stop(container)
            return "stopped"

        self._do_container(ctx, "stop", "stopping…", stop)

    def _kill(self, ctx: Context) -> None:
        source = self.app.bridge.source

        async def kill(container: str) -> str:
            await source.kill(container)
            return "killed"

        name = safe(ctx.container.name) if ctx.container is not None else ""
        self.ask(
            f"Kill {name}?",
            ("Its program ends at once, without a chance to put things in order.",),
            "kill",
            lambda: self._do_container(ctx, "kill", "killing…", kill),
        )

    def _do_container(
        self,
        ctx: Context,
        verb: str,
        meanwhile: str,
        work: Callable[[str], Awaitable[str]],
        command: str = "",
    ) -> None:
        container = ctx.container
        if container is None or self.app.state.meanwhile(container.id):
            return  # one thing at a time: the row says what is being done
        self.app.bridge.do(
            f"{verb} {container.name}",
            command or f"lamina {verb} {shlex.quote(container.name)}",
            lambda _: work(container.id),
            subject=container.id,
            meanwhile=meanwhile,
        )

    # removing

    def _remove(self, ctx: Context) -> None:
        if ctx.container is not None:
            self._remove_container(ctx)
        elif len(marked := self.bench.images.marked_images) > 1:
            self.remove_marked(marked)
        elif ctx.image is not None:
            self.app.bridge.preview_remove(ctx.image.id, ctx.image_name)

    def _remove_container(self, ctx: Context) -> None:
        container = ctx.container
        assert container is not None
        source, running = self.app.bridge.source, bool(container.pid)

        async def remove(container_id: str) -> str:
            await source.remove(container_id, force=running)
            return "removed"

        effect = "Its writable layer and its log go; the image's layers stay."
        lines = ("It runs, and is killed first.", effect) if running else (effect,)
        self.ask(
            f"Remove {safe(container.name)}?",
            lines,
            "kill and remove" if running else "remove",
            lambda: self._do_container(ctx, "remove", "removing…", remove, actions.remove_command(ctx)),
        )

    # the lab

    def _lab_up(self) -> None:
        source = self.app.bridge.source

        async def work(report: Report) -> str:
            def tell(progress: LabProgress) -> None:
                report.step(progress.what, progress.done, progress.total)

            status = await source.lab_up(tell)
            return f"{count(len(status.images), 'sample image')} served at {status.address}"

        if any(task.what == "start the lab" for task in self.app.state.running_tasks):
            return
        number = self.app.bridge.do("start the lab", "lamina lab up", work, steps=True)
        self.after[number] = self._offer_first_pull

    def _offer_first_pull(self) -> None:
        self.app.bridge.read_again()
        here = {name for image in self.app.state.images or () for name in image.names}
        if _FIRST_IMAGE not in here and len(self.app.screen_stack) == 1:
            self.open_pull(_FIRST_IMAGE)

    def _lab_down(self) -> None:
        source = self.app.bridge.source

        async def work(_: Report) -> str:
            await source.lab_down()
            return "no longer served; what was pulled stays"

        self.after[self.app.bridge.do("stop the lab", "lamina lab down", work)] = self.app.bridge.read_again

    # the program

    def _copy(self, ctx: Context) -> None:
        if ctx.task is not None:
            self.copy(ctx.task.command or ctx.task.note)
        else:
            self.copy(ctx.container.name if ctx.container is not None else ctx.image_name)

    def copy(self, text: str) -> None:
        """Put a name or path on the terminal's clipboard."""
        self.app.copy_to_clipboard(safe(text))
        self.say(f"Copied {text}")

    def _open_task(self, ctx: Context) -> None:
        if ctx.task is not None and ctx.task.id in self.app.state.pulls:
            self.open_pull(task=ctx.task.id)
        elif ctx.task is not None:
            from tui.screens.task import TaskDialog

            self.app.push_screen(TaskDialog(ctx.task))

    def _turn_mouse(self) -> None:
        if self.app.turn_mouse():
            self.say("The mouse is Lamina's again")
        else:
            self.say("The mouse is your terminal's: select as you are used to", "the same key takes it back")

    def _help(self) -> None:
        from tui.screens.help import Help

        self.app.push_screen(Help(self.board.context))

    def _palette(self) -> None:
        from tui.screens.palette import Palette

        own = [(name, shlex.join(words)) for name, words in self._own().items()]
        self.app.push_screen(Palette(self.board.context, own), self._picked)

    def _own(self) -> dict[str, list[str]]:
        """Commands of the settings that can be done where the person stands, filled in."""
        templates = self.app.config.commands
        if not templates or self.app.state.read_only:
            return {}
        from tui.own import fields_of, fill

        fields = fields_of(self.board.context)
        filled = {name: fill(template, fields) for name, template in templates.items()}
        return {name: words for name, words in filled.items() if words is not None}

    def _do_own(self, name: str) -> None:
        from tui.own import carry_out

        words = self._own().get(name)
        if words is not None:
            self.app.bridge.do(name, shlex.join(words), lambda _: carry_out(words), cancellable=True)

    def _picked(self, choice: tuple[str, str] | None) -> None:
        if choice is None:
            return
        kind, what = choice
        if kind == "verb":
            self.do(what)
        elif kind == "own":
            self._do_own(what)
        else:
            self.bench.go_to(what)

    def _next_theme(self) -> None:
        names = list(self.app.themes)
        name = names[(names.index(self.app.palette.theme.name) + 1) % len(names)]
        self.app.use_theme(name)

    def _quit(self) -> None:
        pulls = [task.what for task in self.app.state.running_tasks if task.cancellable]
        if not pulls:
            self.app.exit()
            return
        lines = (
            *(safe(what, 80) for what in pulls),
            "What has arrived is kept, and a later pull goes on from there.",
        )
        self.ask(
            f"Leave while {count(len(pulls), 'pull is', 'pulls are')} under way?",
            lines,
            "leave",
            self.app.exit,
        )
