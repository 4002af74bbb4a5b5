"""Every verb of the screen once: its key, its words, its danger, and the command that does the same.

Footer, help, palette and key bindings are drawn from `ACTIONS`; `tui.commands` carries the verbs out.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.containers.models import ContainerOptions, ContainerSummary, Status
from engine.images.models import ImageSummary
from tui.state import State, Task

Place = Literal["images", "containers", "layers", "inspector", "activity"]
Group = Literal["go", "images", "containers", "activity", "program"]

LEFT: tuple[Place, ...] = ("images", "containers")
LISTS: tuple[Place, ...] = ("images", "containers", "layers", "inspector")


@dataclass(frozen=True, slots=True)
class Context:
    """Where the person stands: the panel with focus, and what is under its cursor."""

    place: Place
    state: State
    image: ImageSummary | None = None
    container: ContainerSummary | None = None
    task: Task | None = None

    @property
    def image_name(self) -> str:
        """What to call the image in a command: its first name, or its id."""
        return name_of_image(self.image) if self.image is not None else ""


def name_of_image(image: ImageSummary) -> str:
    """An image's first name, or the start of its id where it has none."""
    return image.names[0] if image.names else image.id.removeprefix("sha256:")[:12]


def _always(_: Context) -> bool:
    return True


def _no_command(_: Context) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Action:
    """One verb.

    :param keys: Textual's names of its keys, with a comma between; "" for one that only the palette offers.
    :param shown: how the key is written on screen.
    :param label: one or two words for the footer; :param about: one line for help and palette.
    :param places: panels whose footer shows it; help lists it under its group everywhere.
    :param enabled: whether it can be done where the person stands.
    :param command: the `lamina` command that does the same, or "".
    :param danger: it destroys something, and asks before.
    """

    id: str
    keys: str
    shown: str
    label: str
    about: str
    group: Group
    places: tuple[Place, ...] = ()
    enabled: Callable[[Context], bool] = _always
    command: Callable[[Context], str] = _no_command
    danger: bool = False


def _image(ctx: Context) -> bool:
    return ctx.image is not None


def _container(ctx: Context) -> bool:
    return ctx.container is not None


def _something(ctx: Context) -> bool:
    return ctx.image is not None or ctx.container is not None or ctx.task is not None


def _running(ctx: Context) -> bool:
    return ctx.container is not None and ctx.container.status in (Status.RUNNING, Status.PAUSED)


def _startable(ctx: Context) -> bool:
    return ctx.container is not None and not _running(ctx)


def _removable(ctx: Context) -> bool:
    return _container(ctx) or _image(ctx)


def _lab_down(ctx: Context) -> bool:
    return ctx.state.lab is None or not ctx.state.lab.running


def _lab_up(ctx: Context) -> bool:
    return not _lab_down(ctx)


def _task(ctx: Context) -> bool:
    return ctx.task is not None


def _cancellable(ctx: Context) -> bool:
    return ctx.task is not None and ctx.task.cancellable and ctx.task.state == "running"


def _on_container(verb: str) -> Callable[[Context], str]:
    return lambda ctx: f"lamina {verb} {shlex.quote(ctx.container.name)}" if ctx.container else ""


def remove_command(ctx: Context) -> str:
    """`lamina rm` or `lamina rmi`, for what stands under the cursor."""
    if ctx.container is not None:
        force = "-f " if _running(ctx) else ""
        return f"lamina rm {force}{shlex.quote(ctx.container.name)}"
    return f"lamina rmi {shlex.quote(ctx.image_name)}" if ctx.image else ""


def pull_command(reference: str) -> str:
    """`lamina pull`, for a reference."""
    return f"lamina pull {shlex.quote(reference or 'IMAGE')}"


def run_command(options: ContainerOptions) -> str:
    """`lamina run`, with the options that differ from the image's own."""
    words = ["lamina", "run", "-d"]
    words += ["-t"] if options.tty else []
    words += ["-i"] if options.interactive else []
    words += ["--rm"] if options.auto_remove else []
    words += ["--name", options.name] if options.name else []
    words += ["--network", options.network] if options.network != "none" else []
    for setting in options.env:
        words += ["-e", setting]
    for bind in options.binds:
        words += ["-v", f"{bind.source}:{bind.target}" + (":ro" if bind.read_only else "")]
    return shlex.join([*words, options.image, *options.command])


ACTIONS: tuple[Action, ...] = (
    Action("open", "enter", "Enter", "open", "go into what the cursor stands on", "go", LISTS, _something),
    Action("back", "escape", "Esc", "back", "leave a filter, or go back to the list", "go"),
    Action("panel(1)", "1", "1", "images", "the images", "go"),
    Action("panel(2)", "2", "2", "containers", "the containers", "go"),
    Action("panel(3)", "3", "3", "layers", "the layers of what is selected", "go"),
    Action("panel(4)", "4", "4", "inspector", "files, config, history, logs, steps", "go"),
    Action("panel(5)", "5", "5", "activity", "what is under way and what happened", "go"),
    Action("next", "tab", "Tab", "next panel", "the next panel", "go"),
    Action("previous", "shift+tab", "Shift+Tab", "previous panel", "the panel before", "go"),
    Action("tab(1)", "right_square_bracket", "]", "next tab", "the inspector's next tab", "go",
           ("inspector",)),
    Action("tab(-1)", "left_square_bracket", "[", "tab before", "the inspector's tab before", "go"),
    Action("filter", "slash", "/", "filter", "show only rows with these words", "go", LISTS, _something),
    Action(
        "pull", "P", "P", "pull", "bring an image here; shows what will travel first", "images",
        ("images",), command=lambda ctx: pull_command(ctx.image_name),
    ),
    Action(
        "run", "R", "R", "run", "start a container of this image", "images", ("images", "layers"), _image,
        lambda ctx: f"lamina run -d {shlex.quote(ctx.image_name)}" if ctx.image else "lamina run -d IMAGE",
    ),
    Action("logs", "l", "l", "logs", "follow the container's output", "containers", ("containers",),
           _container, _on_container("logs -f")),
    Action("stop", "s", "s", "stop", "ask it to end; kill it after ten seconds", "containers",
           ("containers", "inspector"), _running, _on_container("stop")),
    Action("start", "S", "S", "start", "start it again", "containers", ("containers", "inspector"),
           _startable, _on_container("start")),
    Action("kill", "", "", "kill", "end it at once", "containers", (), _running,
           _on_container("kill"), danger=True),
    Action("remove", "d", "d", "remove", "remove it; says first what that frees", "images", LEFT,
           _removable, remove_command, danger=True),
    Action("sort", "o", "o", "sort", "sort images by age, name or size", "images", ("images",), _something),
    Action("copy", "y", "y", "copy", "copy its name to your terminal's clipboard", "go", (), _removable),
    Action("open_task", "", "", "look", "look at a pull again", "activity", (), _task),
    Action("cancel", "X", "X", "cancel", "stop what is under way", "activity", ("activity",), _cancellable),
    Action("lab_up", "L", "L", "start the lab", "sample images of this host, served on loopback",
           "images", (), _lab_down, lambda _: "lamina lab up"),
    Action("lab_down", "", "", "stop the lab", "stop serving the sample images; what was pulled stays",
           "images", (), _lab_up, lambda _: "lamina lab down"),
    Action("help", "question_mark", "?", "help", "all keys", "program"),
    Action("palette", "ctrl+p,colon", ":", "palette", "find any verb, image or container by name", "program"),
    Action("theme", "", "", "next theme", "dark, light, and themes of your own", "program"),
    Action("quit", "q,ctrl+q", "q", "quit", "leave; containers go on", "program"),
)  # fmt: skip

GROUPS: dict[Group, str] = {
    "go": "Moving",
    "images": "Images",
    "containers": "Containers",
    "activity": "Activity",
    "program": "Lamina",
}

MOVING: tuple[tuple[str, str], ...] = (
    ("j k ↓ ↑", "move by a row"),
    ("g G", "first row, last row"),
    ("PgUp PgDn", "move by a screen"),
)
"""Keys of every list; they belong to the list itself, not to a verb."""


def action(action_id: str) -> Action:
    """The verb with that id."""
    return next(item for item in ACTIONS if item.id == action_id)


def footer_actions(ctx: Context, most: int = 6) -> list[Action]:
    """The verbs that matter where the person stands, the most telling first."""
    own = [item for item in ACTIONS if ctx.place in item.places and item.enabled(ctx)]
    if ctx.place in LEFT and not ctx.state.images and _lab_down(ctx):
        own.insert(0, action("lab_up"))
    return sorted(own, key=lambda item: item.group == "go")[:most]
