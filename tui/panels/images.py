"""Images: one row each, its layers as a bar in their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.images.models import ImageSummary
from tui.actions import Place, name_of_image
from tui.panels.marking import MarkedPanel
from tui.state import Subject, Topics
from tui.text import age, natural, safe, size, width_of
from tui.widgets.bar import Segment, stacked
from tui.widgets.columns import Cell, Column, Row, Spans, cell

if TYPE_CHECKING:
    from textual import events

    from engine.images.moves import TagStanding

_EMPTY: tuple[str | Spans, ...] = (
    (("No images yet. Four ways to begin:", "text"),),
    "",
    (("  L   ", "accent bold"), ("start the lab: sample images", "text")),
    "      made from this host, no network",
    (("  8   ", "accent bold"), ("take a lesson: watch it work", "text")),
    "      step by step, nothing of it stays",
    (("  P   ", "accent bold"), ("pull an image from a registry", "text")),
    "      shows first what would travel",
    (("  ?   ", "accent bold"), ("see all keys", "text")),
)
_NAME = 16  # cells of a name before other columns fall away for it
_BESIDE = 27  # cells of mark, bar, size and age, which stay beside a whole name where there is room


class Images(MarkedPanel):
    """The images of the store."""

    TOPICS: ClassVar[Topics] = frozenset({"images", "selection"})
    NUMBER: ClassVar[int] = 1
    PLACE: ClassVar[Place] = "images"
    ORDERS: ClassVar[tuple[str, ...]] = ("newest", "name", "size", "unique", "containers", "updates")

    @property
    def marked_images(self) -> list[ImageSummary]:
        """The marked images that are still here, in the order of the list."""
        return [image for image in self._sorted() if image.id in self.marked]

    def update(self) -> None:
        """Draw the images the state knows."""
        images = self._sorted()
        largest = max((image.unpacked for image in images), default=1)
        names = [safe(name_of_image(image)) for image in images]
        longest = max([12, *map(width_of, names)])
        shares = any(image.shared for image in images)
        room = self.content_size.width - _BESIDE
        known = bool(self.state.standings)
        columns = (
            Column(1),
            Column(min(longest, max(_NAME, room)), gap=1, most=longest, grow=9, cut="middle"),
            Column(9 if known else 0, drop=4, gap=1 if known else 0),
            Column(8, most=32, grow=1, drop=2),
            Column(6, right=True, drop=1, gap=1),
            Column(6 if shares else 0, right=True, drop=5, gap=1 if shares else 0),
            Column(3, right=True, drop=6, gap=1),
            Column(4, right=True, drop=3, gap=1),
        )
        rows = [self._row(image, name, largest) for image, name in zip(images, names, strict=True)]
        self.show_filtered(columns, rows, _EMPTY if self.state.images is not None else ())
        self.update_head()

    def on_resize(self, _: events.Resize) -> None:
        """Which columns there is room for depends on the names."""
        self.update()

    def update_head(self) -> None:
        """Say how many there are, in which order."""
        head = self.about_list(len(self.marked_images))
        self.head("Images", state=(*head, *self.shown_place()))

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
                images.sort(key=lambda image: natural(name_of_image(image)))
            case "size":
                images.sort(key=lambda image: -image.unpacked)
            case "unique":
                images.sort(key=lambda image: -image.unique)
            case "containers":
                images.sort(key=lambda image: -image.containers)
            case "updates":
                images.sort(key=lambda image: -self._fetch(image))
        return images

    def _fetch(self, image: ImageSummary) -> int:
        """Bytes that an update would fetch; -1 where there is none."""
        one = self._found(image)
        return one.fetch_bytes if one is not None and one.standing.value == "newer" else -1

    def _found(self, image: ImageSummary) -> TagStanding | None:
        known = [self.state.standings[name] for name in image.names if name in self.state.standings]
        return next((one for one in known if one.image_id == image.id), None)

    def _standing(self, image: ImageSummary) -> Spans:
        """Whether the registry has something newer, and what it costs; "" where nobody asked."""
        one = self._found(image)
        return _standing_words(one) if one is not None else cell("")

    def _row(self, image: ImageSummary, name: str, largest: int) -> Row:
        meanwhile = self.state.meanwhile(image.id)
        bar: Cell = cell(meanwhile, "warn") if meanwhile else _bar(image, largest)
        old = age(self.state.now() - image.created) if image.created is not None else ""
        ink = "text" if image.names else "muted"
        more = len(image.names) - 1
        named = ((name, ink), (f" +{more}", "muted")) if more > 0 else cell(name, ink)
        search = " ".join((*image.names, image.id)).lower()
        # What removing it would free beside what it weighs; one that shares nothing need not say it twice.
        own = cell(size(image.unique), "accent") if image.shared else cell("")
        used = cell(f"●{image.containers}" if image.containers else "", "good")
        cells = (
            self.mark_of(image.id), named, self._standing(image), bar, cell(size(image.unpacked)), own, used,
            cell(old, "muted"),
        )  # fmt: skip
        return Row(image.id, cells, search)


def _standing_words(standing: TagStanding) -> Spans:
    match standing.standing.value:
        case "newer":
            return cell(f"↑ {size(standing.fetch_bytes)}", "warn")
        case "current":
            return cell("✓", "good")
        case "gone":
            return cell("gone", "muted")
        case _:
            return cell("?", "muted")


def _bar(image: ImageSummary, largest: int) -> Cell:
    segments = [Segment(layer.slot, layer.unpacked) for layer in image.layers]
    share = (image.unpacked / max(1, largest)) ** 0.5

    def draw(width: int) -> Spans:
        return stacked(segments, width, share)

    return draw
