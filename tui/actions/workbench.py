"""Verbs of the workbench, and those that every screen has."""

from __future__ import annotations

import shlex

from engine.containers.models import Status
from tui.actions.equivalents import pull_command
from tui.actions.model import EVERYWHERE, Action, Context, Place

LEFT: tuple[Place, ...] = ("images", "containers")
LISTS: tuple[Place, ...] = ("images", "containers", "layers", "inspector")


def _image(ctx: Context) -> bool:
    return ctx.image is not None


def _any_image(ctx: Context) -> bool:
    return bool(ctx.state.images)


def _stacked(ctx: Context) -> bool:
    return ctx.state.detail is not None


def _container(ctx: Context) -> bool:
    return ctx.container is not None


def _something(ctx: Context) -> bool:
    selected = ctx.image is not None or ctx.container is not None or ctx.task is not None
    return selected or ctx.screen != "workbench"


def running(ctx: Context) -> bool:
    """Whether the container under the cursor runs, be it paused."""
    return ctx.container is not None and ctx.container.status in (Status.RUNNING, Status.PAUSED)


def markable(ctx: Context) -> bool:
    """Whether the cursor stands in a list whose rows can be marked."""
    return ctx.place in LEFT and bool(ctx.state.images if ctx.place == "images" else ctx.state.containers)


def _copyable(ctx: Context) -> bool:
    return _removable(ctx) or ctx.path is not None or ctx.task is not None or ctx.screen == "logs"


def _removable(ctx: Context) -> bool:
    return _container(ctx) or _image(ctx) or bool(ctx.marked)


def lab_down(ctx: Context) -> bool:
    return ctx.state.lab is None or not ctx.state.lab.running


def _lab_up(ctx: Context) -> bool:
    return not lab_down(ctx)


def _task(ctx: Context) -> bool:
    return ctx.task is not None


def _cancellable(ctx: Context) -> bool:
    return ctx.task is not None and ctx.task.cancellable and ctx.task.state == "running"


def remove_command(ctx: Context) -> str:
    """`lamina rm` or `lamina rmi`, for what stands under the cursor."""
    if ctx.container is not None:
        force = "-f " if running(ctx) else ""
        return f"lamina rm {force}{shlex.quote(ctx.container.name)}"
    return f"lamina rmi {shlex.quote(ctx.image_name)}" if ctx.image else ""


ON_WORKBENCH: tuple[Action, ...] = (
    Action("open", "enter", "Enter", "open", "go into what the cursor stands on", "go",
           (*LISTS, "tree", "waste", "pairs"), _something, screens=EVERYWHERE),
    Action("back", "escape", "Esc", "back", "leave a filter, or go back to where one came from", "go",
           screens=EVERYWHERE),
    Action("panel(1)", "1", "1", "images", "the images", "go"),
    Action("panel(2)", "2", "2", "containers", "the containers", "go"),
    Action("panel(3)", "3", "3", "layers", "the layers of what is selected", "go"),
    Action("panel(4)", "4", "4", "inspector", "files, config, history, logs, steps", "go"),
    Action("panel(5)", "5", "5", "activity", "what is under way and what happened", "go"),
    Action("next", "tab", "Tab", "next panel", "the next panel", "go", screens=EVERYWHERE),
    Action("previous", "shift+tab", "Shift+Tab", "previous panel", "the panel before", "go",
           screens=EVERYWHERE),
    Action("jump", "ctrl+o", "^O", "jump", "a letter on every panel and tab; typing it goes there", "go",
           screens=EVERYWHERE),
    Action("trail(-1)", "alt+left", "Alt+←", "back there", "where one was before", "go", screens=EVERYWHERE),
    Action("trail(1)", "alt+right", "Alt+→", "forward", "where one came back from", "go",
           screens=EVERYWHERE),
    Action("tab(1)", "right_square_bracket", "]", "next tab", "the inspector's next tab", "go",
           ("inspector",)),
    Action("tab(-1)", "left_square_bracket", "[", "tab before", "the inspector's tab before", "go"),
    Action("filter", "slash", "/", "filter", "show only rows with these words; in trees also `*.py`", "go",
           (*LISTS, "tree", "pairs", "lessons", "words"), _something, screens=EVERYWHERE),
    Action(
        "pull", "P", "P", "pull", "bring an image here; shows what will travel first", "images",
        ("images",), command=lambda ctx: pull_command(ctx.image_name), changes=True,
    ),
    Action(
        "run", "R", "R", "run", "start a container of this image", "images", ("images", "layers"), _image,
        lambda ctx: f"lamina run -d {shlex.quote(ctx.image_name)}" if ctx.image else "lamina run -d IMAGE",
        changes=True,
    ),
    Action("explore", "e", "e", "explore", "look into its layers and files", "inside",
           ("images", "layers"), _stacked, lambda ctx: f"lamina tree {shlex.quote(ctx.image_name)}"),
    Action("mark", "space", "Space", "mark", "mark it, or a whole group, for verbs on several", "go", LEFT,
           markable),
    Action("mark_all", "asterisk", "*", "mark all", "mark all that the list shows, or none", "go", (),
           markable),
    Action("bulk", "b", "b", "on marked", "what to do with all that is marked", "go", (), markable),
    Action("compare", "c", "c", "compare", "two marked images: layers, files, settings, download", "inside",
           ("images",), _image, lambda _: "lamina compare OLD NEW"),
    Action("tag", "t", "t", "tag", "give it one more name", "images", (), _image,
           lambda ctx: f"lamina tag {shlex.quote(ctx.image_name)} NAME", changes=True),
    Action("push", "ctrl+y", "^Y", "push", "give the registry in its name what it lacks", "images", (),
           _image, lambda ctx: f"lamina push {shlex.quote(ctx.image_name)}", changes=True),
    Action("save", "W", "W", "save", "write it, or the marked ones, to an archive", "images", (), _image,
           lambda ctx: f"lamina save {shlex.quote(ctx.image_name)} -o FILE", changes=True),
    Action("load", "I", "I", "load", "bring the images of an archive here", "images", (),
           command=lambda _: "lamina load -i FILE", changes=True),
    Action("outdated", "u", "u", "updates", "which tags have an update, and what it costs", "images",
           ("images",), _any_image, lambda _: "lamina outdated"),
    Action("prune", "", "", "prune", "remove what nothing needs; says first what that frees", "images", (),
           command=lambda _: "lamina system prune", danger=True, changes=True),
    Action("remove", "d", "d", "remove", "remove it; says first what that frees", "images", LEFT,
           _removable, remove_command, danger=True, changes=True),
    Action("sort", "o", "o", "sort", "sort by the next of: age, name, size, state, use", "go",
           ("images", "tree"), _something, screens=("workbench", "explorer")),
    Action("copy", "y", "y", "copy", "copy its name, path or command to your clipboard", "go",
           ("tree", "activity", "entries", "reading", "working", "words"),
           _copyable, screens=EVERYWHERE),
    Action("open_task", "", "", "look", "look at it in full, a pull with its layers", "activity", (), _task),
    Action("cancel", "X", "X", "cancel", "stop what is under way", "activity", ("activity",), _cancellable),
    Action("lab_up", "L", "L", "start the lab", "sample images of this host, served on loopback",
           "images", (), lab_down, lambda _: "lamina lab up", changes=True),
    Action("lab_down", "", "", "stop the lab", "stop serving the sample images; what was pulled stays",
           "images", (), _lab_up, lambda _: "lamina lab down", changes=True),
    Action("help", "question_mark", "?", "help", "the panel one stands in, and all keys", "program",
           screens=EVERYWHERE),
    Action("palette", "ctrl+p,colon", ":", "palette", "find any verb, image or container by name", "program",
           screens=EVERYWHERE),
    Action("mouse", "f2", "F2", "mouse", "let the terminal have the mouse, or take it",
           "program", screens=EVERYWHERE),
    Action("redraw", "ctrl+l", "^L", "draw anew", "send the whole screen, where something else wrote on it",
           "program", screens=EVERYWHERE),
    Action("theme", "", "", "next theme", "dark, light, and themes of your own", "program",
           screens=EVERYWHERE),
    Action("quit", "q,ctrl+q", "q", "quit", "leave; containers go on", "program", screens=EVERYWHERE),
)  # fmt: skip
