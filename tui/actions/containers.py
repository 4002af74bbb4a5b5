"""Verbs for containers: on the one under the cursor, or on all that are marked."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from engine.containers.models import ContainerSummary, Status
from tui.actions.model import Action, Context

_CAN_STOP = (Status.RUNNING, Status.PAUSED, Status.RESTARTING)


def chosen(ctx: Context) -> Sequence[ContainerSummary]:
    """The containers that a verb is for: those marked, else the one under the cursor."""
    if ctx.place == "containers" and ctx.marked:
        marked = set(ctx.marked)
        return [item for item in ctx.state.containers or () if item.id in marked]
    return [ctx.container] if ctx.container is not None else []


def stoppable(item: ContainerSummary) -> bool:
    """Whether it runs, or is about to."""
    return item.status in _CAN_STOP


def startable(item: ContainerSummary) -> bool:
    """Whether it does not run."""
    return item.status not in _CAN_STOP


def running(item: ContainerSummary) -> bool:
    """Whether it runs and is not paused."""
    return item.status is Status.RUNNING


def paused(item: ContainerSummary) -> bool:
    """Whether it is paused."""
    return item.status is Status.PAUSED


def anything(_: ContainerSummary) -> bool:
    """Every container."""
    return True


FITS: dict[str, Callable[[ContainerSummary], bool]] = {
    "start": startable, "stop": stoppable, "restart": anything, "kill": stoppable, "pause": running,
    "unpause": paused, "remove": anything,
}  # fmt: skip
"""Which containers a verb can be done to; of those marked, the others are left alone."""


def _fits(verb: str) -> Callable[[Context], bool]:
    return lambda ctx: any(map(FITS[verb], chosen(ctx)))


def _some(ctx: Context) -> bool:
    return bool(chosen(ctx))


def _one(ctx: Context) -> bool:
    return ctx.container is not None


def _runs(ctx: Context) -> bool:
    return ctx.container is not None and running(ctx.container)


def _name(ctx: Context) -> str:
    return shlex.quote(ctx.container.name) if ctx.container is not None else ""


def command_on(verb: str, items: Sequence[ContainerSummary]) -> str:
    """`lamina VERB NAME…`."""
    return shlex.join(["lamina", *verb.split(" "), *(item.name for item in items)])


def _command(verb: str, name: str = "") -> Callable[[Context], str]:
    def command(ctx: Context) -> str:
        items = list(filter(FITS.get(verb, anything), chosen(ctx)))
        return command_on(name or verb, items) if items else ""

    return command


def _logs_command(ctx: Context) -> str:
    return " & ".join(f"lamina logs -f {shlex.quote(item.name)}" for item in chosen(ctx))


def _pause_command(ctx: Context) -> str:
    return _command("pause")(ctx) or _command("unpause")(ctx)


ON_CONTAINERS: tuple[Action, ...] = (
    Action("logs", "l", "l", "logs", "follow its output, or that of all marked ones together", "containers",
           ("containers",), _some, _logs_command),
    Action("shell", "E", "E", "shell", "a shell beside what runs in it; ^] leaves it", "containers",
           ("containers",), _runs, lambda ctx: f"lamina exec -it {_name(ctx)} sh", changes=True),
    Action("attach", "a", "a", "attach", "its own terminal or output; ^] leaves it running", "containers",
           (), _runs, lambda ctx: f"lamina attach {_name(ctx)}", changes=True),
    Action("terminals", "T", "T", "terminals", "go back to the terminals that are open", "containers"),
    Action("stop", "s", "s", "stop", "ask it to end; kill it after ten seconds", "containers",
           ("containers", "inspector"), _fits("stop"), _command("stop"), changes=True),
    Action("start", "S", "S", "start", "start it again", "containers", ("containers", "inspector"),
           _fits("start"), _command("start"), changes=True),
    Action("restart", "r", "r", "restart", "end it and start it again", "containers", ("containers",),
           _some, _command("restart"), changes=True),
    Action("pause", "p", "p", "pause", "have it stand still where it is, or go on again", "containers",
           ("containers",), lambda ctx: _fits("pause")(ctx) or _fits("unpause")(ctx), _pause_command,
           changes=True),
    Action("unpause", "", "", "go on", "let it go on after a pause", "containers", (), _fits("unpause"),
           _command("unpause"), changes=True),
    Action("kill", "", "", "kill", "end it at once", "containers", (), _fits("kill"), _command("kill"),
           danger=True, changes=True),
    Action("rename", "ctrl+r", "^R", "rename", "give it another name", "containers", (), _one,
           lambda ctx: f"lamina rename {shlex.quote(ctx.container.name)} NAME" if ctx.container else "",
           changes=True),
    Action("group", "v", "v", "group", "put containers under a label they share; Enter folds", "containers",
           ("containers",), lambda ctx: ctx.place == "containers" and bool(ctx.state.containers)),
    Action("prune_containers", "", "", "prune containers", "remove all containers that do not run",
           "containers", (), lambda ctx: any(map(startable, ctx.state.containers or ())),
           lambda _: "lamina container prune", danger=True, changes=True),
)  # fmt: skip
