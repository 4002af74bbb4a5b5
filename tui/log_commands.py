"""Verbs for logs, in the inspector's tab and where they fill the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui.actions import Context, action
from tui.actions.containers import chosen
from tui.actions.logs import file_name, of_logs
from tui.command_base import CommandBase
from tui.logs.book import copied
from tui.logs.reading import Wanted
from tui.logs.since import Since, choices
from tui.logs.since import chosen as since_chosen
from tui.tasks import Report
from tui.text import count, safe, size
from tui.updates import Followed

if TYPE_CHECKING:
    from engine.containers.models import ContainerSummary
    from tui.logs.ring import Entry
    from tui.logs.view import LogView
    from tui.panels.logs import LogList
    from tui.screens.logs import LogScreen

_FIND = "words to mark · Enter goes to the nearest, n and N on, Esc leaves"


class Finding:
    """What is looked for in logs, for the line that one types into."""

    def __init__(self, panel: LogList, view: LogView, changed: Callable[[], None]) -> None:
        self._panel, self._view, self._changed = panel, view, changed

    @property
    def filter(self) -> str:
        """The words."""
        return self._view.book.find

    @filter.setter  # noqa: A003  what one types for calls it so
    def filter(self, words: str) -> None:
        self.set_filter(words)

    def set_filter(self, words: str) -> None:
        """Look for other words; none leaves it."""
        self._view.book.set_find(words)
        self._changed()

    def focus(self) -> None:
        """The words are as they shall be: go to the nearest line with them."""
        if self._view.book.find:
            self._view.meet()
        self._changed()
        self._panel.focus()


class LogCommands(CommandBase):
    """What is done with logs."""

    def log_verbs(self) -> dict[str, Callable[[Context], None]]:
        """Verbs by their id."""
        return {
            "logs": self._open_logs,
            "log_follow": lambda _: self._turn_follow(),
            "log_find": lambda _: self._find(),
            "again(1)": lambda _: self._seek(1),
            "again(-1)": lambda _: self._seek(-1),
            "log_since": self._choose_since,
            "log_zoom": lambda ctx: self._fill_screen(of_logs(ctx)),
            "log_wrap": lambda _: self._turn(self._logs.turn_wrap),
            "log_times": lambda _: self._turn(self._logs.turn_times),
            "log_mark": lambda _: self._mark(),
            "log_to_mark": lambda _: self._to_mark(),
            "log_lines": lambda _: self.copy_entries(self._logs.chosen()),
            "log_save": self._save_log,
        }

    def do_in_log(self, verb: str, ctx: Context) -> None:
        """A verb of the screen that logs fill."""
        if verb == "copy":
            self.copy_line()
        elif verb in (verbs := self.log_verbs()):
            verbs[verb](ctx)

    @property
    def _logs(self) -> LogView:
        return self.app.state.logs

    @property
    def _log_list(self) -> LogList:
        screen = self._log_screen
        return screen.log_panel if screen is not None else self.bench.inspector

    @property
    def _log_screen(self) -> LogScreen | None:
        """The screen that logs fill, where there is one, be it covered."""
        # By its name, so that its module is loaded with its first use.
        boards = (screen for screen in self.app.screen_stack if getattr(screen, "NAME", "") == "logs")
        return cast("LogScreen | None", next(boards, None))

    # reading

    def look_logs(self) -> None:
        """Have the logs read that are looked at, and no others."""
        screen, inspector = self._log_screen, self.bench.inspector
        state = self.app.state
        if screen is not None:
            ids, self._log_seen = screen.ids, screen is self.board
        else:
            subject = state.container_of(state.subject)
            ids = (subject.id,) if subject is not None and inspector.tab == "Logs" else ()
            self._log_seen = bool(ids) and self.bench.shows_inspector
        items = [item for item in state.containers or () if item.id in ids]
        if items and self._log_seen:
            of = tuple(Followed(item.id, item.name, item.started or 0.0) for item in items)
            if self._logs.since.key == "start":
                self._logs.since = Since("start", min(one.started for one in of))
            self.app.bridge.logs.follow(Wanted(of, self._logs.since))
        self.pace_logs()

    _log_seen = False

    def pace_logs(self) -> None:
        """Read on, or stop where nobody looks or enough is there for one who looks back."""
        self.app.bridge.logs.hold(not self._log_seen or self._logs.book.is_full)

    # looking

    def _open_logs(self, ctx: Context) -> None:
        items = chosen(ctx)
        if len(items) > 1:
            self._fill_screen(items)
        else:
            self.bench.inspector.open_tab("Logs")
            self.bench.inspector.focus()

    def _fill_screen(self, items: Sequence[ContainerSummary]) -> None:
        from tui.screens.logs import LogScreen

        if items:
            self.app.push_screen(LogScreen(self.app.state, tuple(item.id for item in items)))

    def _changed(self) -> None:
        self.app.state.changed({"logs"})
        self.board.say_keys()
        self.pace_logs()

    def _turn(self, turn: Callable[[], object]) -> None:
        turn()
        self._changed()

    def _turn_follow(self) -> None:
        self._turn(self._logs.pause if self._logs.follows else self._logs.go_on)

    def _find(self) -> None:
        self.board.open_line(Finding(self._log_list, self._logs, self._changed), _FIND)

    def _seek(self, by: int) -> None:
        if not self._logs.seek(by):
            self.say(f"No line has “{self._logs.book.find}”")
        self._changed()

    def leave_words(self, panel: LogList) -> bool:
        """Look for nothing any more, or show all lines again; False where neither was so."""
        book = self._logs.book
        if panel.logs is None or not (book.find or book.filter):
            return False
        if book.find:
            book.set_find("")
        else:
            panel.narrow("")
        self._changed()
        return True

    def _choose_since(self, ctx: Context) -> None:
        from tui.screens.pick import Pick

        items, mark = of_logs(ctx), self._logs.book.marked
        started = items[0].started if len(items) == 1 else None
        marked = mark.time if mark is not None else None
        rows = [(key, name, about, "") for key, name, about in choices(started, marked)]

        def take(key: str | None) -> None:
            if key is not None:
                self._logs.since = since_chosen(key, self.app.state.now(), started, marked)
                self.app.look()
                self._changed()

        self.app.push_screen(Pick("Show the log since", rows, self._logs.since.key), take)

    def _mark(self) -> None:
        self._logs.book.mark(self.app.state.now())
        self._logs.take((), (), anew=False)
        self._changed()

    def _to_mark(self) -> None:
        mark = self._logs.book.marked
        if mark is not None:
            self._logs.go_to_number(mark.number)
            self._changed()

    # taking along

    def copy_line(self) -> None:
        """Put the line under the cursor on the clipboard, whole."""
        entry = self._logs.current
        if entry is not None:
            self.copy_entries([entry])

    def copy_entries(self, entries: Sequence[Entry]) -> None:
        """Put lines on the clipboard."""
        from tui.clipboard import clipped

        text = copied(entries)
        self.app.copy_to_clipboard(text)
        more = "" if clipped(text) == text else "the first 75 kB of them; saving takes all"
        self.say(f"Copied {count(len(entries), 'line')}", more)

    def _save_log(self, ctx: Context) -> None:
        from tui.actions.logs import logs_command
        from tui.logs.saving import Wish, save
        from tui.screens.line import new_file

        view, source = self._logs, self.app.bridge.source
        of = tuple(Followed(item.id, item.name, item.started or 0.0) for item in of_logs(ctx))
        words = view.book.filter
        wish = Wish(of, view.since, self.app.state.now(), words, times=view.times == "date")
        command = action("log_save").command(ctx) or logs_command(ctx)

        def judge(text: str) -> str:
            new_file(text, file_name(ctx))
            what = f"lines with “{words}”" if words else "all lines"
            return f"writes {what} {view.since.words}".rstrip() + f" to {target_of(text, file_name(ctx))}"

        def go(text: str) -> None:
            async def work(report: Report) -> str:
                target = target_of(text, file_name(ctx))
                lines, written = await save(source, wish, target, lambda done: report.step(f"{done} lines"))
                return f"{count(lines, 'line')}, {size(written)} to {target}"

            self.app.bridge.do(f"save {file_name(ctx)}", command, work, cancellable=True)

        names = safe(", ".join(one.name for one in of), 60)
        self.ask_line(f"Save the log of {names}", file_name(ctx), "save", judge, go)


def target_of(text: str, name: str) -> Path:
    """The file that a line means; in a directory it is called `name`."""
    target = Path(text).expanduser()
    return target / name if target.is_dir() else target
