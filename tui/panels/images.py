"""Images: one row each, its layers as a bar in their colours."""

from __future__ import annotations

from typing import ClassVar, Literal

from engine.images.models import ImageSummary
from tui.actions import Place, name_of_image
from tui.panels.base import Panel
from tui.state import State, Subject, Topics
from tui.text import age, safe, size, width_of
from tui.widgets.bar import Segment, stacked
from tui.widgets.columns import Cell, Column, Row, Spans, cell

Order = Literal["newest", "name", "size"]
ORDERS: tuple[Order, ...] = ("newest", "name", "size")
_EMPTY: tuple[str | Spans, ...] = (
    "",
    (("No images yet. Three ways to begin:", "text"),),
    "",
    (("  L   ", "accent bold"), ("start the lab: sample images", "text")),
    "      made from this host, no network",
    "",
    (("  P   ", "accent bold"), ("pull an image from a registry", "text")),
    "      shows first what would travel",
    "",
    (("  ?   ", "accent bold"), ("see all keys", "text")),
)


class Images(Panel):
    """The images of the store."""

    TOPICS: ClassVar[Topics] = frozenset({"images", "selection"})
    NUMBER: ClassVar[int] = 1
    PLACE: ClassVar[Place] = "images"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.order: Order = "newest"

    def sort_next(self) -> Order:
        """Take the next order."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self.update()
        return self.order

    def update(self) -> None:
        """Draw the images the state knows."""
        images = self._sorted()
        largest = max((image.unpacked for image in images), default=1)
        names = [safe(name_of_image(image)) for image in images]
        columns = (
            Column(12, most=max([12, *map(width_of, names)]), grow=9, cut="middle"),
            Column(8, most=32, grow=1, drop=2),
            Column(6, right=True, drop=1, gap=1),
            Column(4, right=True, drop=3, gap=1),
        )
        rows = [self._row(image, name, largest) for image, name in zip(images, names, strict=True)]
        self.show_filtered(columns, rows, _EMPTY if self.state.images is not None else ())
        self.update_head()

    def update_head(self) -> None:
        """Say how many there are, in which order."""
        order = () if self.order == "newest" else ((f"by {self.order} ", "muted"),)
        self.head("Images", state=(*order, *self.shown_place()))

    @property
    def shows_cursor(self) -> bool:
        """Only where it stands on what the right side shows."""
        return self.state.subject is None or self.state.subject.kind == "image"

    def select_current(self) -> None:
        """What stands under the cursor is what the right side shows."""
        if self.key is not None:
            self.state.select(Subject("image", self.key))

    def _sorted(self) -> list[ImageSummary]:
        images = list(self.state.images or ())
        match self.order:
            case "name":
                images.sort(key=name_of_image)
            case "size":
                images.sort(key=lambda image: image.unpacked, reverse=True)
        return images

    def _row(self, image: ImageSummary, name: str, largest: int) -> Row:
        meanwhile = self.state.meanwhile(image.id)
        bar: Cell = cell(meanwhile, "warn") if meanwhile else _bar(image, largest)
        old = age(self.state.now() - image.created) if image.created is not None else ""
        ink = "text" if image.names else "muted"
        more = len(image.names) - 1
        named = ((name, ink), (f" +{more}", "muted")) if more > 0 else cell(name, ink)
        search = " ".join((*image.names, image.id)).lower()
        return Row(image.id, (named, bar, cell(size(image.unpacked)), cell(old, "muted")), search)


def _bar(image: ImageSummary, largest: int) -> Cell:
    segments = [Segment(layer.slot, layer.unpacked) for layer in image.layers]
    share = (image.unpacked / max(1, largest)) ** 0.5

    def draw(width: int) -> Spans:
        return stacked(segments, width, share)

    return draw
