"""The run dialog: the image's defaults as placeholders, checked while typing, the command below."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from engine.containers.models import BindMount, ContainerOptions
from engine.errors import InvalidArgument
from engine.images.models import ImageDetail
from tui.actions import name_of_image, run_command
from tui.screens.dialog import Dialog, Field, Words, keys
from tui.text import safe, width_of
from tui.widgets.choice import Choice
from tui.widgets.columns import Spans, cell

_FIELDS = ("command", "name", "env", "binds")


class RunDialog(Dialog[ContainerOptions]):
    """How to run an image; gives the options, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "run", "run", show=False),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("up", "app.focus_previous", "before", show=False),
    ]

    def __init__(self, detail: ImageDetail) -> None:
        self._image = name_of_image(detail.summary)
        own = shlex.join((*detail.entrypoint, *detail.cmd)) or "the image names none: type one"
        hints = {
            "command": safe(shlex.join(detail.cmd) if detail.entrypoint and detail.cmd else own, 200),
            "name": "made up where empty",
            "env": "NAME=value NAME=value",
            "binds": "/host/path:/inside[:ro]",
        }
        self._inputs = {name: Field(placeholder=hints[name], id=f"run-{name}") for name in _FIELDS}
        self._network = Choice(("none", "host"), id="run-network")
        self._terminal = Choice(("no", "yes"), id="run-tty")
        self._remove = Choice(("keep", "remove"), id="run-rm")
        self._entry = detail.entrypoint
        self._about = Words(id="about")
        super().__init__()
        self.foot.say(
            [(), keys(("Enter", "run"), ("Tab", "next field"), ("Space", "choose"), ("Esc", "leave"))]
        )

    def content(self) -> Iterable[Widget]:
        """One line a field."""
        yield Words([()])
        labels = {"command": "command", "name": "name", "env": "environment", "binds": "directories"}
        for name, field in self._inputs.items():
            yield _line(labels[name], field)
        yield _line("network", self._network)
        yield _line("terminal", self._terminal)
        yield _line("when it ends", self._remove)
        yield self._about

    def on_mount(self) -> None:
        """Begin with the command."""
        self.entitle(f"Run {safe(self._image, 100)}")
        self._inputs["command"].focus()
        self._tell()

    def options(self) -> ContainerOptions:
        """What the fields say.

        :raises InvalidArgument: a field cannot be meant; says which and why.
        """
        name = self._inputs["name"].value.strip()
        if name and not all(letter.isalnum() or letter in "_.-" for letter in name):
            raise InvalidArgument("a name is letters, digits, dots, dashes and underscores")
        env = _words("environment", self._inputs["env"].value)
        for setting in env:
            if "=" not in setting or setting.startswith("="):
                raise InvalidArgument(f"environment: {setting} is not NAME=value")
        return ContainerOptions(
            image=self._image,
            command=_words("command", self._inputs["command"].value),
            name=name,
            env=env,
            binds=tuple(map(_bind, _words("directories", self._inputs["binds"].value))),
            network=self._network.value,
            tty=self._terminal.value == "yes",
            auto_remove=self._remove.value == "remove",
        )

    @on(Input.Changed)
    @on(Choice.Changed)
    def _tell(self) -> None:
        try:
            command = run_command(self.options())
            lines: list[Spans] = [cell("the same by hand", "muted"), *_folded(safe(command), 80)]
        except InvalidArgument as error:
            lines = [cell("cannot be run like this", "muted"), cell(safe(error.message), "bad")]
        self._about.say([(), *lines])

    @on(Input.Submitted)
    def action_run(self) -> None:
        """Run it, if it can be meant."""
        try:
            self.dismiss(self.options())
        except InvalidArgument:
            self._tell()


def _line(label: str, widget: Widget) -> Widget:
    words = Words([cell(label, "muted")])
    words.styles.width = 14
    return Horizontal(words, widget, classes="field")


def _folded(text: str, width: int) -> list[Spans]:
    """A command in up to three lines."""
    lines: list[str] = [""]
    for word in text.split(" "):
        if lines[-1] and width_of(lines[-1]) + width_of(word) + 1 > width:
            lines.append("  ")
        lines[-1] += word if not lines[-1].strip() else f" {word}"
    return [cell(line) for line in lines[:3]]


def _words(field: str, text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidArgument(f"{field}: {str(error).lower()}") from error


def _bind(text: str) -> BindMount:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not source.startswith("/") or not target.startswith("/") or mode not in ("", "ro", "rw"):
        raise InvalidArgument(f"directories: {text} is not /host/path:/inside[:ro]")
    return BindMount(source, target, mode == "ro")
