"""Carrying out the verbs of `tui.actions`.

Each answers at once, works in the background, and says what came of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from tui import actions
from tui.actions import Context, Place
from tui.actions.logs import in_log
from tui.container_commands import ContainerCommands
from tui.lab_commands import LabCommands
from tui.lesson_commands import LessonCommands
from tui.log_commands import LogCommands
from tui.terminal_commands import TerminalCommands
from tui.text import count, safe
from tui.trail import Trail
from tui.updates import RemovePreviewed, TaskChanged, Update

if TYPE_CHECKING:
    from tui.app import Lamina
    from tui.panels.marking import MarkedPanel

_BULK = {
    "images": ("remove", "save", "push", "compare", "outdated"),
    "containers": ("start", "stop", "restart", "pause", "unpause", "kill", "remove"),
}
_EVERYWHERE = frozenset(  # the same on every screen
    {"filter", "help", "palette", "theme", "mouse", "redraw", "quit", "jump", "trail(-1)", "trail(1)",
     "lessons", "glossary", "projector"}
)  # fmt: skip


class Commands(LabCommands, ContainerCommands, TerminalCommands, LogCommands, LessonCommands):
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
            "mark": lambda _: self._markable().mark(),
            "mark_all": lambda _: self._markable().mark_all(),
            "bulk": self._bulk,
            "tab(1)": lambda _: self.bench.inspector.turn(1),
            "tab(-1)": lambda _: self.bench.inspector.turn(-1),
            "pull": lambda _: self.open_pull(),
            "explore": self.explore,
            "remove": self._remove,
            "copy": self._copy,
            "open_task": self._open_task,
            "cancel": lambda ctx: self.app.bridge.cancel(ctx.task.id) if ctx.task else None,
            "help": lambda _: self._help(),
            "palette": lambda _: self._palette(),
            "theme": lambda _: self._next_theme(),
            "redraw": lambda _: self.app.draw_anew(),
            "mouse": lambda _: self._turn_mouse(),
            "quit": lambda _: self._quit(),
        }
        self.trail = Trail()
        self._verbs["jump"] = lambda _: self._jump()
        self._verbs["trail(-1)"] = lambda _: self._step(-1)
        self._verbs["trail(1)"] = lambda _: self._step(1)
        self._verbs |= self.image_verbs() | self.lab_verbs() | self.container_verbs() | self.terminal_verbs()
        self._verbs |= self.log_verbs() | self.lesson_verbs()
        self._verbs["stores(networks)"] = lambda _: self._open_stores("networks")
        self._verbs["stores(volumes)"] = lambda _: self._open_stores("volumes")
        self._verbs["files"] = self._browse_container
        for number in range(1, 6):
            self._verbs[f"panel({number})"] = partial(self._panel, number)

    def _open_stores(self, place: Place) -> None:
        from tui.screens.stores import Stores

        self.app.push_screen(Stores(place))

    def _browse_container(self, ctx: Context) -> None:
        from tui.screens.browse import Browse
        from tui.screens.places import of_container

        if ctx.container is not None:
            self.app.push_screen(Browse(of_container(self.app.bridge.source, ctx.container.name)))

    def _jump(self) -> None:
        from tui.screens.jump import Jump

        self.app.push_screen(Jump(self.board.targets()), lambda go: go() if go is not None else None)

    def _step(self, by: int) -> None:
        """Go to where one was before, or with 1 to where one came back from."""
        if not self.may_leave(partial(self._step, by)):
            return
        self.board.remember()
        spot = self.trail.step(by)
        if spot is None:
            self.say("There is nothing further back" if by < 0 else "There is nothing further on")
            return
        self.leave_to_bench()
        if spot.again is not None:
            self.app.push_screen(spot.again())
        else:
            self.bench.return_to(spot)

    def _panel(self, number: int, _: Context) -> None:
        self.bench.focus_panel(number)

    def do(self, action_id: str) -> None:
        """Do a verb where the person stands, if it can be done there."""
        board = self.board
        ctx = board.context
        item = actions.action(action_id)
        if not action_id.startswith("trail("):
            self.trail.arrive()
        if item.changes and self.app.state.read_only:
            self.say(f"{item.label} changes something, and this workstation only looks", bad=True)
        elif item.available(ctx):
            if board is self.bench or action_id in _EVERYWHERE:
                self._verbs[action_id](ctx)
            else:
                board.perform(action_id)
        elif ctx.screen in item.screens:
            self.say(f"{item.label} does nothing here", f"{self._key('help')} lists what does")

    def _key(self, action_id: str) -> str:
        return actions.action(action_id).key(self.app.state)

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
        self._markable().sort_next()

    def _markable(self) -> MarkedPanel:
        return self.bench.containers if self.bench.panel is self.bench.containers else self.bench.images

    def _bulk(self, ctx: Context) -> None:
        """Which of the verbs for several shall be done to what is marked."""
        from tui.screens.pick import Pick

        verbs = [actions.action(verb) for verb in _BULK[ctx.place] if actions.action(verb).available(ctx)]
        rows = [(item.id, item.label, item.about, item.key(ctx.state)) for item in verbs]
        what = f"{count(len(ctx.marked), 'marked')}" if ctx.marked else "what is under the cursor"
        self.app.push_screen(Pick(f"With {what}", rows), lambda verb: self.do(verb) if verb else None)

    def _remove(self, ctx: Context) -> None:
        if ctx.place == "images":
            self.remove_images(ctx)
        else:
            self.remove_containers(ctx)

    # the program

    def _copy(self, ctx: Context) -> None:
        if ctx.task is not None:
            self.copy(ctx.task.command or ctx.task.note)
        elif in_log(ctx):
            self.copy_line()
        elif ctx.place == "inspector" and self.bench.inspector.full:
            self.copy(self.bench.inspector.full)
        else:
            self.copy(ctx.container.name if ctx.container is not None else ctx.image_name)

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
        self.app.push_screen(Palette(self.board.context, own, self.app.themes), self._picked)

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
        elif kind == "theme":
            self.app.use_theme(what)
        elif self.may_leave(partial(self._picked, choice)):
            self.leave_to_bench()
            self.bench.go_to(what)

    def _next_theme(self) -> None:
        names = list(self.app.themes)
        name = names[(names.index(self.app.palette.theme.name) + 1) % len(names)]
        self.app.use_theme(name)

    def _quit(self) -> None:
        if not self.may_leave(self._quit) or not self.is_cleared(self._quit):
            return
        running = [task for task in self.app.state.running_tasks if task.id != self.lesson_task]
        pulls = [task.what for task in running if task.cancellable]
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
