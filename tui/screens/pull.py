"""The pull dialog: what would travel, each layer filling in place, and prediction against outcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from engine.images.models import LayerProgress, LayerState, PlanLayer, PullPlan
from tui.bridge import Bridge
from tui.screens.dialog import Dialog, Field, Words, keys
from tui.state import State, Topics
from tui.text import count, safe, short_id, size
from tui.updates import PlanFailed, PlanKnown, Pull
from tui.widgets.bar import filling
from tui.widgets.columns import Column, Row, Span, Spans, cell
from tui.widgets.rows import RowList

if TYPE_CHECKING:
    from tui.image_commands import ImageCommands

_COLUMNS = (
    Column(1),
    Column(2, right=True, gap=0),
    Column(12, drop=2),
    Column(10, most=60, grow=1),
    Column(18, most=18),
    Column(6, right=True, drop=1),
)
_MOST_ROWS = 12


class PullDialog(Dialog[None]):
    """Ask, plan, pull, compare.

    :param reference: planned at once where one is given; :param task: a pull to look at.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "pull", show=False),
        Binding("X", "cancel", "cancel", show=False),
    ]

    def __init__(
        self,
        state: State,
        bridge: Bridge,
        commands: ImageCommands,
        reference: str = "",
        task: int | None = None,
    ) -> None:
        self._state, self._bridge, self._commands = state, bridge, commands
        self._reference, self._pulling = reference, task
        self._asking = task is None and not reference
        self._input = Field(reference, placeholder="redis:7, ghcr.io/team/app:1.2, 127.0.0.1:5000/redis:7")
        self._words = Words(id="about")
        self._layers = RowList(id="plan")
        super().__init__()

    def content(self) -> Iterable[Widget]:
        """What to pull, its layers, and what it comes to."""
        return (self._input, self._layers, self._words)

    def on_mount(self) -> None:
        """Plan at once what was asked for."""
        self._state.listen(self._heard)
        if self._pulling is None and self._reference:
            self._plan()
        self._draw()

    def on_unmount(self) -> None:
        """Listen no longer."""
        self._state.forget(self._heard)

    def _heard(self, topics: Topics) -> None:
        if topics & {"pulls", "tasks"}:
            self._draw()

    # what the person does

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._reference = event.value.strip()
        if self._reference:
            self._plan()
            self._draw()

    def _plan(self) -> None:
        self._asking = False
        self._state.plan = None
        self._bridge.plan(self._reference)

    def action_go_on(self) -> None:
        """Pull what was planned; close when it is done."""
        if self._pulling is not None:
            self.dismiss(None)
        elif isinstance(self._state.plan, PlanFailed):
            self.action_leave()
        elif self._known_plan() is not None:
            self._pulling = self._commands.pull(self._reference)
            self._draw()

    def action_cancel(self) -> None:
        """Stop the pull."""
        if self._pulling is not None:
            self._bridge.cancel(self._pulling)

    def action_leave(self) -> None:
        """Back to the name after a plan that failed; else leave, a pull goes on in Activity."""
        if self._pulling is None and isinstance(self._state.plan, PlanFailed) and not self._asking:
            self._state.plan = None
            self._asking = True
            self._draw()
        else:
            self.dismiss(None)

    # drawing

    def _known_plan(self) -> PullPlan | None:
        plan = self._state.plan
        return plan.plan if isinstance(plan, PlanKnown) and plan.reference == self._reference else None

    def _draw(self) -> None:
        pull = self._state.pulls.get(self._pulling) if self._pulling is not None else None
        plan = pull.plan if pull is not None else self._known_plan()
        self._input.display = self._asking
        self._layers.display = plan is not None
        self.set_focus(self._input if self._asking else self._layers if plan is not None else None)
        self.entitle(f"Pull {safe(plan.reference, 200)}" if plan is not None else "Pull")
        if plan is None:
            self._draw_without_plan()
            return
        progress = pull.progress if pull is not None else {}
        self._show_rows(
            [_row(layer, progress.get(layer.position), self._pulling) for layer in reversed(plan.layers)]
        )
        self._words.say([(), *self._outcome(plan, pull)])
        self.foot.say([(), self._keys()])

    def _show_rows(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        self._layers.styles.height = min(_MOST_ROWS, len(rows))
        self._layers.show(_COLUMNS, rows)

    def _draw_without_plan(self) -> None:
        failed = self._state.plan
        if self._pulling is not None:
            task = self._state.tasks.get(self._pulling)
            lines: list[Spans] = [cell(safe(task.note) if task and task.note else "resolving…", "muted")]
        elif isinstance(failed, PlanFailed) and not self._asking:
            lines = [cell(safe(failed.message), "bad"), cell(safe(failed.hint), "muted")]
        elif self._asking:
            lines = [*self._from_lab()]
        else:
            lines = [cell(f"asking the registry for {safe(self._reference, 200)}…", "muted")]
        self._words.say([(), *lines])
        verb = ("Enter", "shows what would travel") if self._asking else ("Esc", "back")
        self.foot.say([(), keys(verb, *([("Esc", "leave")] if self._asking else []))])

    def _from_lab(self) -> list[Spans]:
        lab = self._state.lab
        if lab is None or not lab.running:
            return [cell("An image's name; nothing travels before you have seen what would.", "muted")]
        return [
            (("the lab serves  ", "muted"), ("   ".join(safe(image.name) for image in lab.images), "text"))
        ]

    def _outcome(self, plan: PullPlan, pull: Pull | None) -> list[Spans]:
        missing = sum(not layer.here for layer in plan.layers)
        here = len(plan.layers) - missing
        result = pull.result if pull is not None else None
        if result is not None:
            exact = "as predicted" if result.fetched_bytes == plan.fetch_bytes else "not as predicted"
            return [
                (
                    ("predicted ", "muted"),
                    (size(plan.fetch_bytes), "text"),
                    ("   travelled ", "muted"),
                    (size(result.fetched_bytes), "good"),
                    (f"   {exact}", "good" if exact == "as predicted" else "warn"),
                ),
                (
                    ("on disk ", "muted"),
                    (f"+{size(result.unpacked_bytes)}", "text"),
                    (f"   {count(here, 'layer')} here before" if here else "", "muted"),
                    (f"   {result.seconds:.1f} s", "muted"),
                ),
            ]
        task = self._state.tasks.get(self._pulling or 0)
        if task is not None and task.state in ("failed", "cancelled"):
            return [
                cell(safe(task.note), "bad" if task.state == "failed" else "muted"),
                cell(safe(task.hint), "muted"),
            ]
        if not missing:
            return [
                (("everything is here", "good"), (f"   {count(here, 'layer')}, nothing to fetch", "muted"))
            ]
        words: Spans = (
            (f"{missing} of {count(len(plan.layers), 'layer')} to fetch", "text"),
            (f"   {size(plan.fetch_bytes)} of {size(plan.total_bytes)} compressed", "muted"),
        )
        if pull is not None and task is not None:
            words = (*words, (f"   {size(task.done)} have come", "accent"))
        return [words]

    def _keys(self) -> list[Span]:
        if self._pulling is None:
            return keys(("Enter", "pull"), ("Esc", "leave"))
        task = self._state.tasks.get(self._pulling)
        if task is not None and task.state == "running":
            return keys(("Esc", "leave, it goes on in Activity"), ("X", "cancel"))
        return keys(("Enter", "close"))


def _row(layer: PlanLayer, step: LayerProgress | None, task: int | None) -> Row:
    done, words = _stand(layer, step, task is not None)

    def bar(width: int) -> Spans:
        return filling(layer.slot, done, max(1, layer.size), width)

    return Row(
        str(layer.position),
        (
            cell("▌", f"slot{layer.slot}"),
            cell(str(layer.position), "muted"),
            cell(short_id(layer.digest), "muted"),
            bar,
            words,
            cell(size(layer.size), "muted"),
        ),
    )


def _stand(layer: PlanLayer, step: LayerProgress | None, pulling: bool) -> tuple[int, Spans]:
    """How far a layer has come, in bytes and in words."""
    if layer.here or (step is not None and step.state is LayerState.HERE):
        return max(1, layer.size), cell("here", "muted")
    if step is None or step.state is LayerState.WAITING:
        return 0, cell("waiting" if pulling else "to fetch", "muted" if pulling else "accent")
    if step.state is LayerState.DOWNLOADING:
        return step.done, cell(f"{size(step.done)} of {size(step.total)}", "accent")
    if step.state is LayerState.UNPACKING:
        return max(1, layer.size), cell("unpacking", "accent")
    return max(1, layer.size), cell("done", "good")
