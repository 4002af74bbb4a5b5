"""The words of the field: each in one sentence, and where to see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from engine.lessons.models import Term
from tui.actions import Context, ScreenName
from tui.lessons.links import Way, ways
from tui.lessons.pages import WHOLE
from tui.lessons.prose import wrapped
from tui.panels.stores import StoreList
from tui.screens.board import Board, bindings_of
from tui.text import safe
from tui.trail import Spot
from tui.widgets.columns import Column, Row, Span, cell
from tui.widgets.filter import Filterable
from tui.widgets.lines import TooSmall
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from textual import events

_COLUMNS = (Column(20, most=22), Column(30, most=4096, grow=1))
_EMPTY = ("", "No word like this. Esc shows all.")


class Glossary(Board):
    """All words above, the one under the cursor in full below.

    :param word: where the cursor begins.
    """

    NAME: ClassVar[ScreenName] = "glossary"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("glossary")
    AUTO_FOCUS = "#words"

    def __init__(self, word: str = "") -> None:
        super().__init__()
        self.words = StoreList("words")
        self.meaning = RowList(id="meaning", quiet_cursor=True)
        self.known: Mapping[str, Term] = {}
        self._begin = word

    def compose(self) -> ComposeResult:
        """The list, and the word."""
        yield self.header
        with Vertical(id="inside"):
            yield self.words
            yield self.meaning
        yield self.keys
        yield self.filter_line
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """Have the words read."""
        self.set_class(self.app.commands.projected, "-projected")
        title = [(" Lamina", "accent bold"), ("  words of the field", "text")]
        self.header.say((title, [("each in one sentence, and where to see it ", "muted")]), (title, []))
        self.words.entitle((("Words", "text"),), (("reading…", "muted"),))

        async def question() -> Mapping[str, Term]:
            from engine.lessons.glossary import glossary

            return await asyncio.to_thread(glossary)

        self.app.bridge.ask("glossary", "read the glossary", "lamina lab glossary", question, self._show)

    def _show(self, found: Mapping[str, Term]) -> None:
        if not self.is_attached:
            return
        self.known = found
        rows = [
            Row(term.name, (cell(term.name, "accent"), cell(term.means)),
                f"{term.name} {term.means} {term.see}".lower())
            for term in found.values()
        ]  # fmt: skip
        self.words.take("Words", _COLUMNS, rows, _EMPTY)
        if self._begin:
            self.words.go_to_key(self._begin)
        self._tell()

    def on_resize(self, event: events.Resize) -> None:
        """The sentence is wrapped anew."""
        self.measure(*event.size)
        self.call_after_refresh(self._tell)

    # where the person stands

    @property
    def term(self) -> Term | None:
        """The word under the cursor."""
        return self.known.get(self.words.key or "")

    @property
    def context(self) -> Context:
        """The word under the cursor, with the command that shows it as what is copied."""
        term = self.term
        command = next((way.what for way in ways(term.see) if way.kind == "command"), None) if term else None
        return Context("words", self.app.state, screen=self.NAME, path=command)

    @property
    def spot(self) -> Spot | None:
        """The words; not while a lesson lies below."""
        return None if self.app.commands.is_teaching else Spot("words", again=Glossary)

    @property
    def filtered(self) -> Filterable:
        """The words."""
        return self.words

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        if isinstance(event, RowList.Chosen):
            self.perform("open")
        elif event.rows is self.words:
            self._tell()

    def _tell(self) -> None:
        term = self.term
        if term is not None:
            width = max(10, min(100, self.meaning.content_size.width))
            lines = wrapped([(term.means, "text")], width)
            lines += [(), *wrapped(_seen(term), width, indent=6)]
            self.meaning.show(WHOLE, [Row(str(n), (line,)) for n, line in enumerate(lines)])
            self.meaning.entitle(((safe(term.name, 80), "text"),))
        self.say_keys()

    def _way(self) -> Way | None:
        return next(iter(ways(self.term.see)), None) if self.term is not None else None

    def say_keys(self) -> None:
        """Enter says where it leads."""
        self.offer({"open": _spoken(self._way())})

    # verbs

    def perform(self, action_id: str) -> None:
        """Do a verb of this screen."""
        match action_id:
            case "open":
                if (way := self._way()) is not None:
                    self.app.commands.follow(way)
            case "back" if self.words.filter:
                self.words.set_filter("")
            case "back":
                self.app.pop_screen()
            case "copy" if self.context.path is not None:
                self.app.commands.copy(self.context.path)
            case _:
                pass


def _seen(term: Term) -> list[Span]:
    spans: list[Span] = [("see: ", "muted")]
    for number, piece in enumerate(term.see.split(";")):
        ink = "accent" if not piece.strip().startswith("lamina") else "text"
        spans += [(" · " if number else "", "muted"), (safe(piece.strip()), ink)]
    return spans


def _spoken(way: Way | None) -> str:
    if way is None:
        return "see it"
    match way.kind:
        case "panel":
            return f"see panel {way.what}"
        case "tab":
            return f"see tab {way.what}"
        case "key":
            return f"do what {way.what} does"
        case "lesson":
            return "see its lesson"
        case _:
            return "copy the command"
