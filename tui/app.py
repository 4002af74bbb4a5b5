"""The app: themes and wiring, nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

from rich.console import RenderableType
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer

from engine.settings import Settings
from tui.bridge import Answer, Batch, Bridge
from tui.clipboard import clipped, copy_sequence, hand_to_tmux
from tui.commands import Commands
from tui.config import read_config, settings_text
from tui.few_colours import for_terminal
from tui.hangup import heed_hangup
from tui.kept import remember, remembered
from tui.keys import clashes, keymap, shown_keys
from tui.live import ThemeWatch
from tui.palette import Palette, textual_theme
from tui.screens.workbench import Workbench
from tui.source import Source, engine_of
from tui.state import Run, State
from tui.terminal.open import Terminals
from tui.text import age_changes_in, safe
from tui.theme import DEFAULT, Theme, load_themes
from tui.updates import LogGrown
from tui.widgets.exact import Sent
from tui.widgets.frame import Lines

_OBJECTS = 2000  # made since the last collection of garbage
_QUIET = 1.0  # seconds after which the first screen stands
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that by themselves would leave the terminal in raw mode, on its other screen."""


class Lamina(App[None]):
    """The workstation over one store.

    :param settings: which store.
    :param source: what to ask instead of an engine of its own; tests give one.
    :param clock: the time, seconds since the epoch; tests freeze it.
    :param theme_name: the theme to begin with.
    """

    TITLE = "Lamina"
    CSS_PATH = "lamina.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        settings: Settings,
        *,
        source: Source | None = None,
        clock: Callable[[], float] = time.time,
        theme_name: str = "",
    ) -> None:
        themes = load_themes()
        self.themes: dict[str, Theme] = themes.found
        self.themes_skipped = themes.skipped
        self.config = read_config(settings.screen, settings_text() if settings.screen else "")
        kept = remembered()
        mono = "monochrome" if os.environ.get("NO_COLOR") else ""
        names = (theme_name, mono, self.config.theme, kept.get("theme", ""), DEFAULT)
        first = next(themes.found[name] for name in names if name in themes.found)
        self.plain = self.config.plain
        super().__init__()
        first = for_terminal(first, self.console.color_system)
        self.palette = Palette(first)
        self.settings = settings
        self.state = State(clock)
        self.bridge = Bridge(source or engine_of(settings), self, clock)
        self.commands = Commands(self)
        self.terminals = Terminals(self.state.count_terminals)
        self.workbench = Workbench(self.state)
        self.workbench.recall(kept)
        self._ages: Timer | None = None
        self._sent = Sent()
        self.has_mouse = True
        self.first_word = ""  # said when the screen stands
        self._themes_watch = ThemeWatch(self._themes_changed)
        self.animation_level = "none"
        changed = keymap(self.config.keys, self.config.bindings)
        self.set_keymap(changed)
        self.state.shown_keys = shown_keys(changed)
        self.state.read_only = self.config.read_only
        self.set_class(self.plain, "-plain")
        self._register_themes()
        self.theme = first.name

    def get_default_screen(self) -> Workbench:
        """The workbench is the screen under all others."""
        return self.workbench

    def on_mount(self) -> None:
        """Begin to follow the engine."""
        for number in _ENDING:
            asyncio.get_running_loop().add_signal_handler(number, self.exit, None, 128 + number)
        heed_hangup()
        self.bridge.open()
        self.state.listen(lambda topics: self._keep_ages() if "containers" in topics else None)
        self._themes_watch.open()
        self.app_resume_signal.subscribe(self, lambda _: self._sent.forget())
        self.set_timer(_QUIET, self._load_ahead)
        if self.first_word:
            self.notify(self.first_word, markup=False)
        self._complain("load a theme", self.themes_skipped)
        unknown = self.config.theme and self.config.theme not in self.themes
        missing = (f"settings: there is no theme {self.config.theme!r:.60}",) if unknown else ()
        changed = keymap(self.config.keys, self.config.bindings)
        faults = (*self.settings.faults, *self.config.problems, *missing, *clashes(changed))
        self._complain("read the settings", faults)

    async def _load_ahead(self) -> None:
        for name in ("tui.screens.explorer", "tui.screens.lessons"):
            await asyncio.to_thread(import_module, name)  # 50 ms that its key need not wait for
        # What is there by now stays, and need not be looked through; what a flood of a log leaves shall not.
        gc.freeze()
        gc.set_threshold(_OBJECTS)

    async def on_unmount(self) -> None:
        """Remember how the screen stood."""
        await self.terminals.close()
        await self.commands.close_lesson()
        self._themes_watch.close()
        self.bridge.close()
        theme = {} if os.environ.get("NO_COLOR") else {"theme": self.commands.usual_theme}
        remember(theme | self.workbench.worth_keeping())

    def _complain(self, what: str, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self.bridge.note_failure(what, sentence, hint="mend the file; the rest of it works")
            self.notify(safe(sentence, 300), severity="warning", markup=False)

    def _themes_changed(self) -> None:
        """A theme of one's own was written: draw with it, or say what is wrong with it."""
        themes = load_themes()
        self.themes = themes.found
        self._register_themes()
        self._complain("load a theme", themes.skipped)
        name = self.palette.theme.name
        self.use_theme(name if name in themes.found else DEFAULT)

    def _register_themes(self) -> None:
        """Tell Textual of all themes, as this terminal can show them."""
        system = self.console.color_system
        self.themes = {name: for_terminal(theme, system) for name, theme in self.themes.items()}
        for theme in self.themes.values():
            self.register_theme(textual_theme(theme))

    def on_batch(self, batch: Batch) -> None:
        """Take in what the bridge gathered."""
        self.state.apply(batch.updates)
        self.commands.answer(batch.updates)
        self.commands.pace_logs()
        if any(isinstance(update, LogGrown) for update in batch.updates):
            self.bridge.logs.taken()

    def on_answer(self, answer: Answer) -> None:
        """Give an answer to whoever asked."""
        answer.deliver()

    def look(self) -> None:
        """Have what the selection and the tab in front need read."""
        state, inspector = self.state, self.workbench.inspector
        self.bridge.look(state)
        self.bridge.look_stats(self.workbench.is_seen and any(item.pid for item in state.containers or ()))
        container = state.container_of(state.subject)
        run = Run(container.id, container.started or 0) if container is not None else None
        self.bridge.watcher.watch(container if self.workbench.shows_inspector else None, inspector.tab)
        self.commands.look_logs()
        if inspector.tab == "Files" and state.layer and state.layer not in state.tables:
            self.bridge.look_files(state.layer)
        if inspector.tab == "Steps" and run is not None:
            self.bridge.look_steps(run)

    def use_theme(self, name: str) -> None:
        """Draw everything in the colours of another theme."""
        self.palette = Palette(self.themes[name])
        if self.theme == name:
            self._watch_theme(name)  # the same name, with other colours behind it
        self.theme = name
        for screen in self.screen_stack:
            for widget in screen.query():
                if isinstance(widget, Lines):
                    widget.forget()

    def _keep_ages(self) -> None:
        """Draw anew when the next age on screen says something else, and not before."""
        if self._ages is not None:
            self._ages.stop()
        now = self.state.now()
        moments = [item.started for item in self.state.containers or () if item.started and item.pid]
        if moments:
            wait = min(age_changes_in(now - moment) for moment in moments)
            self._ages = self.set_timer(wait + 0.5, lambda: self.state.changed({"containers"}))

    def copy_to_clipboard(self, text: str) -> None:
        """Onto the clipboard of the terminal one sits at, also from inside tmux."""
        self._clipboard = clipped(text)
        if self._driver is not None:
            self._driver.write(copy_sequence(text))
        if os.environ.get("TMUX"):
            self.run_worker(partial(hand_to_tmux, text), thread=True, exit_on_error=False)

    def turn_mouse(self) -> bool:
        """Give the mouse to the terminal, or take it back; whether it is the app's now."""
        self.has_mouse = not self.has_mouse
        if self._driver is not None:
            turn = "h" if self.has_mouse else "l"  # set or reset, xterm's Mouse Tracking
            self._driver.write("".join(f"\x1b[?{mode}{turn}" for mode in (1000, 1003, 1015, 1006)))
            self._driver.flush()
        return self.has_mouse

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a terminal every key is the program's."""
        in_terminal = any(screen.has_class("-terminal") for screen in self.screen_stack[-1:])
        return False if in_terminal and action == "quit" else super().check_action(action, parameters)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Only what does not stand there yet goes to the terminal."""
        super()._display(screen, self._sent.without_what_stands(renderable))

    def draw_anew(self) -> None:
        """Send all of the screen, whatever may stand there."""
        self._sent.forget()
        self.screen.refresh(layout=True)

    async def action_quit(self) -> None:
        """Leave; asks first while a pull runs."""
        self.commands.do("quit")
