"""A framed surface: title on the left of the border, state on the right, lines drawn by spans."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.palette import Palette
from tui.text import ELLIPSIS, width_of
from tui.widgets.columns import Span, Spans, clip_spans
from tui.widgets.exact import changed_cells

if TYPE_CHECKING:
    from textual import events


PLAIN = str.maketrans(
    {
        **dict.fromkeys("▌▏▎▍│↕┤", "|"),
        **dict.fromkeys("█▇▉▊▋", "#"),
        **dict(zip("▁▂▃▄▅▆", "_.:-=+", strict=True)),
        **dict.fromkeys("▯○", "o"),
        **dict.fromkeys("▸›→", ">"),
        **dict.fromkeys("−─–—", "-"),
        **dict.fromkeys("·░…", "."),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("●▪", "*"),
        "✗": "x",
        "×": "x",
        "✓": "+",
        "▾": "v",
        "↑": "^",
        "↓": "v",
        **dict.fromkeys("←‹", "<"),
        "└": "`",
        "‖": "=",
        "↻": "@",
    }
)
"""What stands for the characters of the screen where only ASCII is to be drawn, each as wide."""


class Lines(Widget):
    """A widget whose content is drawn line by line and sent to the terminal only where it changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._painted: list[Strip] = []

    @abstractmethod
    def spans(self, y: int, width: int) -> tuple[Sequence[Span], str]:
        """The spans of one visible line, and the surface it lies on."""

    @property
    def palette(self) -> Palette:
        """The styles of the present theme."""
        palette = getattr(self.app, "palette", None)
        assert isinstance(palette, Palette)
        return palette

    @property
    def is_plain(self) -> bool:
        """Whether only ASCII is drawn."""
        return bool(getattr(self.app, "plain", False))

    def render_line(self, y: int) -> Strip:
        """One visible line, as it was last painted."""
        if len(self._painted) != self.content_size.height:
            self._painted = [self._paint(line) for line in range(self.content_size.height)]
        return self._painted[y] if y < len(self._painted) else Strip.blank(self.content_size.width)

    def repaint(self) -> None:
        """Paint all visible lines and send those that differ from what stands there."""
        if not self.is_mounted or not self.content_size.height:
            return
        height = self.content_size.height
        fresh = [self._paint(line) for line in range(height)]
        if len(self._painted) != height:
            self._painted = fresh
            self.refresh()
            return
        changed = [
            Region(x, y, cells, 1)
            for y in range(height)
            if fresh[y] != self._painted[y]
            for x, cells in changed_cells(self._painted[y], fresh[y])
        ]
        self._painted = fresh
        if changed:
            self.refresh(*changed)

    def _paint(self, y: int) -> Strip:
        width = self.content_size.width
        spans, surface = self.spans(y, width)
        style = self.palette.style
        used = sum(width_of(text) for text, _ in spans)
        if self.is_plain:
            spans = [(text.translate(PLAIN), ink) for text, ink in spans]
        segments = [Segment(part, style(ink, surface)) for text, ink in spans for part in _parts(text)]
        if used < width:
            segments.append(Segment(" " * (width - used), style("text", surface)))
        return Strip(segments, max(used, width)).crop(0, width)

    def forget(self) -> None:
        """Paint anew at the next chance, whatever stands there: size or theme changed."""
        self._painted = []
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        """A new size means new columns."""
        self._painted = []
        self.repaint()


def _parts(text: str) -> tuple[str, ...]:
    """A text that was cut apart from its ellipsis: Rich keeps 16,000 of those that hold one, however long."""
    if text.endswith(ELLIPSIS) and len(text) > 1:
        return text[:-1], ELLIPSIS
    return (text,) if text else ()


class Framed(Lines):
    """Lines inside a thin rounded border with a title left and a state right."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._head: tuple[Spans, Spans] = ((), ())

    def entitle(self, title: Iterable[Span], state: Iterable[Span] = ()) -> None:
        """Say what stands in the border."""
        head = (tuple(title), tuple(state))
        if head != self._head:
            self._head = head
            self._draw_head()

    def _draw_head(self) -> None:
        title, state = self._head
        width = self.outer_size.width - 6  # corners, and the line and blank Textual leaves beside a title
        if width <= 0 or not self.is_mounted:
            return
        ink = "accent" if self.has_focus else "frame"
        # The title tells where one is, so it goes before the state, up to two thirds of the border.
        title_width = sum(width_of(text) for text, _ in title)
        right = _whole_parts(state, max(0, width - min(title_width, width * 2 // 3) - 3))
        right_width = sum(width_of(text) for text, _ in right)
        left = clip_spans(title, width - right_width - (3 if right else 0))
        line = width - right_width - sum(width_of(text) for text, _ in left)
        parts = [(text, label, True) for text, label in left]
        if right:
            parts += [
                (f" {'─' * (line - 2)} ", ink, False),
                *((text, label, False) for text, label in right),
            ]
        if self.is_plain:
            parts = [(text.translate(PLAIN), label, is_title) for text, label, is_title in parts]
        self.border_title = Content.assemble(
            *((text, self._label_style(label, is_title)) for text, label, is_title in parts)
        )

    def _label_style(self, ink: str, is_title: bool) -> str:
        name, *marks = ink.split(" ")
        if is_title and name == "text" and self.has_focus:
            name, marks = "accent", ["bold"]
        return " ".join([*marks, self.palette.theme.colour(name)])

    def forget(self) -> None:
        """Also the border is drawn anew."""
        self._draw_head()
        super().forget()

    def on_resize(self, _: events.Resize) -> None:
        """The line between title and state takes what is left."""
        self._draw_head()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The title takes the colour of focus, or gives it back."""
        super().watch_has_focus(has_focus)
        self._draw_head()


def _whole_parts(state: Spans, width: int) -> list[Span]:
    """As many parts of a state, with dots between them, as fit whole; the first is cut if need be."""
    parts = list(state)
    while sum(width_of(text) for text, _ in parts) > width:
        dots = [index for index, (text, _) in enumerate(parts) if text.strip() == "·"]
        if not dots:
            return clip_spans(tuple(parts), width)
        parts = parts[: dots[-1]]
    return parts
