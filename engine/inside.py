"""What is inside images, here or elsewhere: tables, configs and sizes, brought together for analysis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from engine.analysis.images import ImageFacts, LayerFacts, OpenImage
from engine.analysis.stacked import Stack
from engine.errors import InvalidArgument, NotFound
from engine.oci import Digest
from engine.rooms import Rooms

if TYPE_CHECKING:
    from engine.analysis.blame import Blame
    from engine.analysis.changes import LayerChanges
    from engine.analysis.compare import Comparison
    from engine.analysis.content import Contents
    from engine.analysis.rules import Rules, Verdict
    from engine.analysis.sharing import Sharing
    from engine.analysis.waste import Waste
    from engine.images.elsewhere import OnReading
    from engine.images.models import ImageDetail, LayerRow
    from engine.images.peek import Peek
    from engine.images.preview import LayerElsewhere
    from engine.layers.table import FileTable


class Inside:
    """Opens images by name, to look into them. All calls read only.

    A name may lead out of the store (`engine.images.elsewhere`): what such a call needs of a registry or an
    archive is read, the image does not come here; what that raises is in `engine.images.peek`.

    :param rooms: of the store.
    :param platform: `os/architecture[/variant]` of images elsewhere, the host's where empty; one that is here
        must be for it.
    :param on_reading: called as layers of images elsewhere are read, ten times a second at most.
    """

    def __init__(self, rooms: Rooms, platform: str = "", on_reading: OnReading | None = None) -> None:
        self._rooms = rooms
        self._platform = platform
        self._on_reading = on_reading
        self._tables: dict[Digest, FileTable] = {}
        self._peeks: dict[str, Peek] = {}

    def stack(self, name: str, layers: int | None = None) -> Stack:
        """The tree of an image's files.

        :param layers: how many layers from the base on; None for all.
        :raises NotFound: no image has that name. :raises InvalidArgument: it has not so many layers.
        """
        return self._stack(name, self._diff_ids(name, layers))

    def changes(self, name: str, position: int) -> LayerChanges:
        """What one layer of an image changed in those below it.

        :param position: of the layer; 1 is the base.
        :raises NotFound: no image has that name. :raises InvalidArgument: it has no such layer.
        """
        from engine.analysis.changes import layer_changes

        return layer_changes(self.stack(name, position), position)

    def blame(self, name: str, path: str) -> Blame:
        """Every layer of an image that touched a path.

        :raises NotFound: no image has that name, or no layer of it ever had that path.
        """
        from engine.analysis.blame import blame

        return blame(self.stack(name), path)

    def waste(self, name: str) -> Waste:
        """What an image carries though no container sees it.

        :raises NotFound: no image has that name.
        """
        from engine.analysis.waste import waste

        return waste(self.stack(name))

    def compare(self, old: str, new: str) -> Comparison:
        """What separates two images.

        :raises NotFound: no image has one of the names.
        """
        from engine.analysis.compare import compare

        return compare(self.image(old), self.image(new))

    def sharing(self, names: Sequence[str] = ()) -> Sharing:
        """Which images share which layers, and what removing these images together would free.

        :param names: of the images to tell of; all where there are none.
        :raises NotFound: no image has one of the names.
        """
        from engine.analysis.sharing import sharing

        asked = {self._rooms.images.resolve(name).id for name in names} if names else None
        return sharing(self.all(), asked)

    def contents(self, name: str) -> Contents:
        """An image's tree with what its files hold.

        :raises NotFound: no image has that name.
        """
        from engine.analysis.content import ArchivedContents, Contents

        diff_ids = self._diff_ids(name, None)
        store = self._rooms.layers
        peek, stack = self._peek(name), self._stack(name, diff_ids)
        if peek is not None:
            return ArchivedContents(stack, lambda layer: store.fs(diff_ids[layer]), diff_ids, peek)
        return Contents(stack, lambda layer: store.fs(diff_ids[layer]))

    def find(self, name: str, path: str) -> tuple[Contents, int]:
        """An image's contents and the row in their tree that a path leads to, links followed.

        Of an image elsewhere layers are read from the top down, only as far as a regular file needs it.

        :raises NotFound: no image has that name, or it has no such path.
        """
        from engine.analysis.content import ArchivedContents
        from engine.analysis.topmost import find_file

        peek = self._peek(name)
        if peek is None:
            contents = self.contents(name)
            return contents, contents.stack.follow(path)
        diff_ids = peek.image.config.diff_ids
        stack, row = find_file(lambda layer: self._table(peek, diff_ids[layer]), len(diff_ids), path)
        store = self._rooms.layers
        return ArchivedContents(stack, lambda layer: store.fs(diff_ids[layer]), diff_ids, peek), row

    def image(self, name: str) -> OpenImage:
        """An image with its config and its tree.

        :raises NotFound: no image has that name.
        """
        peek = self._peek(name)
        if peek is not None:
            stack = self._stack(name, peek.image.config.diff_ids)
            return OpenImage(self._facts_elsewhere(peek), peek.image.config, stack)
        facts = self.facts(name)
        config = self._rooms.images.config(facts.id)
        return OpenImage(facts, config, self._stack(name, [layer.diff_id for layer in facts.layers]))

    def facts(self, name: str) -> ImageFacts:
        """An image without its files; of one elsewhere the unpacked size of a layer is 0 while unknown.

        :raises NotFound: no image has that name.
        """
        peek = self._peek(name)
        if peek is not None:
            return self._facts_elsewhere(peek)
        return self._facts(self._rooms.images.get(name), name)

    def layers(self, name: str) -> tuple[LayerRow, ...] | tuple[LayerElsewhere, ...]:
        """The layers of an image, base first; of one elsewhere what its manifest and config tell.

        :raises NotFound: no image has that name.
        """
        peek = self._peek(name)
        return self._rooms.images.get(name).layers if peek is None else peek.layers()

    def inspect(self, name: str) -> dict[str, Any]:
        """An image elsewhere, or a container or image that is here, with Docker's keys.

        :raises NotFound: nothing has that name.
        """
        peek = self._peek(name)
        if peek is None:
            return self._rooms.inspect(name)
        from engine.images.inspection import inspection_elsewhere

        return inspection_elsewhere(peek.image)

    def all(self) -> tuple[ImageFacts, ...]:
        """All images of the store, the newest first."""
        images = self._rooms.images
        return tuple(
            self._facts(images.get(image.id), image.names[0] if image.names else image.id.short)
            for image in images.list()
        )

    def check(self, name: str, rules: Rules) -> tuple[Verdict, ...]:
        """What comes of rules on an image, in the order of the options.

        :raises NotFound: no image has that name, or the one that an update starts from.
        """
        from engine.analysis.rules import check_efficiency, check_secrets, check_update, check_waste
        from engine.analysis.secrets import MOST_HEADS, candidates, find_secrets
        from engine.analysis.waste import waste

        contents = self.contents(name)
        found: list[Verdict] = []
        wasted = waste(contents.stack)
        if rules.max_waste is not None:
            found.append(check_waste(rules.max_waste, wasted))
        if rules.min_efficiency is not None:
            found.append(check_efficiency(rules.min_efficiency, wasted))
        if rules.max_update_bytes is not None and rules.update_from is not None:
            old, new = self.facts(rules.update_from), self.facts(name)
            found.append(check_update(rules.max_update_bytes, old.layers, new.layers))
        if rules.no_hidden_secrets:
            contents.prepare(entry for entry, _ in islice(candidates(contents.stack), MOST_HEADS))
            found.append(check_secrets(find_secrets(contents.stack, contents.head), rules.allow_secrets))
        return tuple(found)

    def _diff_ids(self, name: str, layers: int | None) -> Sequence[Digest]:
        peek = self._peek(name)
        diff_ids = (peek.image.config if peek else self._rooms.images.resolve(name)).diff_ids
        if layers is not None and not 1 <= layers <= len(diff_ids):
            raise InvalidArgument(
                f"there is no layer {layers} in {name}", hint=f"it has layers 1 to {len(diff_ids)}"
            )
        return diff_ids[:layers]

    def _peek(self, name: str) -> Peek | None:
        """The image elsewhere that a name leads to; None for one of the store."""
        from engine.images.elsewhere import parse_place

        if name not in self._peeks:
            place = parse_place(name)
            if place is None:
                self._check_platform(name)
                return None
            from engine.images.peek import Peek

            self._peeks[name] = Peek(
                self._rooms.settings, self._rooms.layout, place, self._platform, self._on_reading
            )
        return self._peeks[name]

    def _check_platform(self, name: str) -> None:
        if not self._platform:
            return
        from engine.oci.platform import Platform

        wanted = Platform.parse(self._platform)
        there = self._rooms.images.get(name).summary.platform
        if Platform.parse(there) not in wanted.runs():
            raise NotFound(
                f"{name} is here for {there}, not for {wanted}",
                hint=f"look into the registry's: docker://{name}",
            )

    def _table(self, peek: Peek, diff_id: Digest) -> FileTable:
        if diff_id not in self._tables:
            self._tables.update(peek.tables([diff_id]))
        return self._tables[diff_id]

    def _stack(self, name: str, diff_ids: Sequence[Digest]) -> Stack:
        # One table for one layer: analysis knows by it that two images share the layer.
        missing = [diff_id for diff_id in diff_ids if diff_id not in self._tables]
        peek = self._peek(name)
        if peek is not None:
            self._tables.update(peek.tables(missing))
        else:
            self._tables.update((diff_id, self._rooms.layers.table(diff_id)) for diff_id in set(missing))
        return Stack([self._tables[diff_id] for diff_id in diff_ids])

    def _facts(self, detail: ImageDetail, name: str) -> ImageFacts:
        from engine.store.blobs import BlobStore

        blobs = BlobStore(self._rooms.layout)
        summary = detail.summary
        digests = [summary.id, summary.manifest_digest, *(layer.blob_digest for layer in detail.layers)]
        return ImageFacts(
            id=summary.id,
            name=name,
            layers=tuple(
                LayerFacts(layer.diff_id, layer.compressed, layer.unpacked) for layer in detail.layers
            ),
            blobs=tuple((digest, blobs.size(digest)) for digest in dict.fromkeys(digests)),
        )

    def _facts_elsewhere(self, peek: Peek) -> ImageFacts:
        image = peek.image
        pairs = zip(image.manifest.layers, image.config.diff_ids, strict=True)
        known = {diff_id: table.totals.unpacked for diff_id, table in self._tables.items()}
        return ImageFacts(
            id=image.id,
            name=image.label,
            layers=tuple(LayerFacts(diff_id, layer.size, known.get(diff_id, 0)) for layer, diff_id in pairs),
        )
