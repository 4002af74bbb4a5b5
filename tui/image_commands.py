"""Verbs for images: where they come from, where they go, and what is inside them."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.images.models import ImageSummary, RemovedImage
from engine.images.moves import BlobProgress, Standing, TagStanding
from tui import actions
from tui.actions import Context, name_of_image
from tui.command_base import CommandBase
from tui.tasks import Report
from tui.text import count, safe, size
from tui.updates import RemovePreviewed, StandingKnown

if TYPE_CHECKING:
    from engine.analysis.content import Contents
    from engine.analysis.sharing import Sharing
    from engine.upkeep import Pruned


class ImageCommands(CommandBase):
    """What is done with images."""

    def image_verbs(self) -> dict[str, Callable[[Context], None]]:
        """Verbs by their id."""
        return {
            "compare": self._compare,
            "tag": self._tag,
            "push": self._push,
            "save": self._save,
            "load": lambda _: self._load(),
            "prune": lambda _: self._prune(),
            "outdated": lambda _: self._outdated(),
        }

    def open_pull(self, reference: str = "", task: int | None = None) -> None:
        """Open the pull dialog, on a reference or on a pull under way."""
        from tui.screens.pull import PullDialog

        self.app.push_screen(PullDialog(self.app.state, self.app.bridge, self, reference, task))

    def pull(self, reference: str) -> int:
        """Start a pull; gives its task."""
        bridge = self.app.bridge

        def work(report: Report) -> Awaitable[str]:
            return bridge.pull(reference, report)

        number = bridge.do(f"pull {reference}", actions.pull_command(reference), work, cancellable=True)
        standing = self.bench.panel
        self.after[number] = lambda: self.bench.expect(self.app.state.pulls[number].plan.image_id, standing)
        return number

    # with names and archives

    def _chosen(self, ctx: Context) -> list[ImageSummary]:
        """The marked images, or the one under the cursor."""
        marked = self.bench.images.marked_images
        return marked or ([ctx.image] if ctx.image is not None else [])

    def _tag(self, ctx: Context) -> None:
        from tui.screens.line import new_name

        name, source = ctx.image_name, self.app.bridge.source

        def go(target: str) -> None:
            async def work(_: Report) -> str:
                await source.tag_image(name, target)
                return f"{name} is also {target}"

            self.app.bridge.do(f"tag {name}", shlex.join(["lamina", "tag", name, target]), work)

        self.ask_line(f"Another name for {safe(name, 100)}", name, "tag", new_name, go)

    def _push(self, ctx: Context) -> None:
        name, source = ctx.image_name, self.app.bridge.source

        async def work(report: Report) -> str:
            sent: dict[int, tuple[int, int]] = {}

            def tell(progress: BlobProgress) -> None:
                sent[progress.position] = (progress.done, progress.total)
                done, total = (sum(parts) for parts in zip(*sent.values(), strict=True))
                report.step(progress.state.value, done, total)

            pushed = await source.push(name, on_blob=tell)
            there = f", {size(pushed.there_bytes + pushed.mounted_bytes)} were there"
            return f"{size(pushed.sent_bytes)} travelled{there}"

        def go() -> None:
            self.app.bridge.do(f"push {name}", shlex.join(["lamina", "push", name]), work, cancellable=True)

        lines = ("Only what the registry in its name lacks travels.",)
        self.ask(f"Push {safe(name)}?", lines, "push", go)

    def _save(self, ctx: Context) -> None:
        from tui.screens.line import new_file

        names, source = [name_of_image(image) for image in self._chosen(ctx)], self.app.bridge.source
        what = names[0] if len(names) == 1 else count(len(names), "image")
        file = f"{names[0].rpartition('/')[2].replace(':', '-')}.tar" if len(names) == 1 else "images.tar"

        def go(text: str) -> None:
            target = Path(text).expanduser()

            async def work(_: Report) -> str:
                saved = await source.save(names, target)
                return f"{size(saved.size)} in {saved.seconds:.1f} s to {target}"

            command = shlex.join(["lamina", "save", *names, "-o", str(target)])
            self.app.bridge.do(f"save {what}", command, work, cancellable=True)

        self.ask_line(f"Save {safe(what, 100)} to", str(Path.cwd() / file), "save", new_file, go)

    def _load(self) -> None:
        from tui.screens.line import existing_file

        source = self.app.bridge.source

        def go(text: str) -> None:
            path = Path(text).expanduser()

            async def work(_: Report) -> str:
                loaded = await source.load(path)
                names = ", ".join(name for image in loaded.images for name in image.names)
                return f"{names or count(len(loaded.images), 'image')} in {loaded.seconds:.1f} s"

            command = shlex.join(["lamina", "load", "-i", str(path)])
            self.app.bridge.do(f"load {path.name}", command, work, cancellable=True)

        self.ask_line(
            "Load an archive of images", "", "load", existing_file, go, "a tar file, or an OCI directory"
        )

    def _outdated(self) -> None:
        bridge = self.app.bridge

        async def work(_: Report) -> str:
            found = await bridge.source.outdated(on_standing=lambda one: bridge.tell(StandingKnown(one)))
            return standings_words(found)

        bridge.do("look for updates", "lamina outdated", work, cancellable=True)

    # inside images

    def explore(self, _: Context) -> None:
        detail = self.app.state.detail
        if detail is not None:
            from tui.screens.explorer import Explorer

            self.app.push_screen(Explorer(detail, self.app.state.layer))

    def extract(self, contents: Contents, path: str, image: str) -> None:
        """Ask where a path of an image shall be written, and write it there."""
        from tui.screens.line import new_file

        def go(target: str) -> None:
            command = shlex.join(["lamina", "extract", image, f"/{path}", target])
            self.app.bridge.do(
                f"extract /{path}", command, lambda _: self.app.bridge.extract(contents, path, target)
            )

        name = path.rpartition("/")[2]
        self.ask_line(
            f"Extract /{safe(path, 100)} to", str(Path.cwd()), "write", lambda text: new_file(text, name), go
        )

    def _compare(self, ctx: Context) -> None:
        from tui.screens.compare import Compare

        panel = self.bench.images
        marked = panel.marked_images
        if len(marked) == 1 and ctx.image is not None and ctx.image.id != marked[0].id:
            marked = [ctx.image, marked[0]]
        if len(marked) != 2:
            if ctx.image is not None and not marked:
                panel.mark()
            self.say("Mark two images with Space, or one and stand on another, then c compares them")
            return
        # The list is sorted in many ways: what was made later counts as the newer.
        old, new = sorted(marked, key=lambda image: (image.created or 0.0, name_of_image(image)))
        self.app.push_screen(Compare(name_of_image(old), name_of_image(new), old, new))

    # removing

    def remove_images(self, ctx: Context) -> None:
        """Ask what removing the marked images, or the one under the cursor, frees; then ask the person."""
        if len(marked := self.bench.images.marked_images) > 1:
            self.remove_marked(marked)
        elif image := next(iter(self._chosen(ctx)), None):
            self.app.bridge.preview_remove(image.id, name_of_image(image))

    def confirm_remove_image(self, preview: RemovePreviewed) -> None:
        """Say what removing frees, and ask."""
        image = self.app.state.image_by_id(preview.image_id)
        if image is None:
            return
        name, source = preview.name, self.app.bridge.source

        async def work(_: Report) -> str:
            return removed_words(await source.remove_image(name), done=True)

        would = preview.would
        stay = len(image.layers) - len(would.deleted_layers)
        lines = [removed_words(would)]
        if would.deleted_image is not None and stay:
            them = "it" if stay == 1 else "them"
            lines.append(f"{count(stay, 'layer stays', 'layers stay')}: other images stand on {them}.")
        self.ask(
            f"Remove {safe(name)}?",
            tuple(lines),
            "remove",
            lambda: self.do_image(name, image.id, work),
        )

    def do_image(self, name: str, image_id: str, work: Callable[[Report], Awaitable[str]]) -> None:
        """Remove an image, one thing at a time."""
        if not self.app.state.meanwhile(image_id):
            command = f"lamina rmi {shlex.quote(name)}"
            self.app.bridge.do(f"remove {name}", command, work, subject=image_id, meanwhile="removing…")

    def remove_marked(self, images: Sequence[ImageSummary]) -> None:
        """Say what removing several images together frees, and ask."""
        source, names = self.app.bridge.source, [name_of_image(image) for image in images]
        command = shlex.join(["lamina", "rmi", *names])

        async def work(report: Report) -> str:
            freed = 0
            for number, name in enumerate(names, 1):
                report.step(safe(name), number, len(names))
                freed += (await source.remove_image(name)).freed
            return f"freed {size(freed)}"

        def go() -> None:
            self.bench.images.unmark()
            self.app.bridge.do(f"remove {count(len(names), 'image')}", command, work, steps=True)

        def ask(sharing: Sharing) -> None:
            freed = f"Frees {size(sharing.freed.total)}, {count(len(sharing.freed.layers), 'layer')}."
            many = len(names) - 8
            lines = (
                *(safe(name, 80) for name in names[:8]),
                *([f"and {many} more"] if many > 0 else []),
                freed,
            )
            self.ask(f"Remove {count(len(names), 'image')}?", lines, "remove", go)

        self.app.bridge.ask(
            "preview", "see what removing frees", command, partial(source.sharing, names), ask
        )

    def _prune(self) -> None:
        source = self.app.bridge.source

        async def work(_: Report) -> str:
            return f"freed {size((await source.prune()).freed)}"

        def go() -> None:
            self.app.bridge.do("prune", "lamina system prune", work)

        def ask(would: Pruned) -> None:
            if not would.freed and not would.containers:
                self.say("Nothing to prune: all that is here is named or in use")
                return
            lines = (
                f"{count(len(would.containers), 'container')} that do not run go,",
                f"{count(len(would.images.images), 'image')} without a name, and what interrupted work left.",
                f"Frees {size(would.freed)}.",
            )
            self.ask("Prune the store?", lines, "prune", go)

        self.app.bridge.ask(
            "preview", "see what a prune frees", "lamina system df", source.preview_prune, ask
        )


def standings_words(found: Sequence[TagStanding]) -> str:
    """What a look for updates found, in one sentence."""
    newer = [one for one in found if one.standing is Standing.NEWER]
    unknown = sum(one.standing is Standing.UNKNOWN for one in found)
    cost = f", {size(sum(one.fetch_bytes for one in newer))} to fetch" if newer else ""
    unsaid = f"; {unknown} not known" if unknown else ""
    return f"{count(len(newer), 'tag has', 'tags have')} an update of {len(found)}{cost}{unsaid}"


def removed_words(removed: RemovedImage, done: bool = False) -> str:
    """What a removal does or did, in one sentence."""
    if removed.deleted_image is None:
        names = ", ".join(safe(name, 80) for name in removed.untagged)
        return f"{'Took' if done else 'Takes'} away the name {names}; the image stays."
    verb = "freed" if done else "Frees"
    layers = count(len(removed.deleted_layers), "layer")
    return f"{verb} {size(removed.freed)}, {layers}" + ("" if done else ".")
