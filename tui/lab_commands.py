"""Verbs for the lab: its sample images, served or not."""

from __future__ import annotations

from collections.abc import Callable

from engine.lab.models import LabProgress
from tui.actions import Context
from tui.image_commands import ImageCommands
from tui.tasks import Report
from tui.text import count

_FIRST_IMAGE = "lab/web:1"


class LabCommands(ImageCommands):
    """What is done with the lab."""

    def lab_verbs(self) -> dict[str, Callable[[Context], None]]:
        """Verbs by their id."""
        return {"lab_up": lambda _: self._lab_up(), "lab_down": lambda _: self._lab_down()}

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
