"""The run dialog: the image's defaults as placeholders, checked while typing, the command below.

What the fields say becomes the words of `lamina run`, and the command line's own parser reads them: so
what is shown, what is checked and what is done are one thing.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from engine.containers.models import ContainerOptions
from engine.errors import InvalidArgument, LaminaError
from engine.images.models import ImageDetail
from tui.actions import name_of_image
from tui.kept import preset_of, save_preset
from tui.screens.dialog import Dialog, Field, Words, keys
from tui.text import safe, width_of
from tui.widgets.choice import Choice
from tui.widgets.columns import Spans, cell

_LABELS = {
    "command": "command", "name": "name", "env": "environment", "binds": "directories", "ports": "ports",
    "network": "network", "memory": "memory", "cpus": "processors", "more": "more options",
}  # fmt: skip
_REPEATED = {"env": "-e", "binds": "-v", "ports": "-p"}
_ONCE = {"name": "--name", "network": "--network", "memory": "--memory", "cpus": "--cpus"}
_RESTARTS = ("no", "on-failure", "unless-stopped", "always")
_CHOICES = ("restart", "tty", "rm")

Parse = Callable[[list[str]], ContainerOptions]
"""Reads the words after `lamina run`; raises LaminaError where they cannot be meant."""


@dataclass(frozen=True, slots=True)
class RunAsked:
    """What shall run, and the command that does the same."""

    options: ContainerOptions
    command: str


class RunDialog(Dialog[RunAsked]):
    """How to run an image; gives what was asked for, or None.

    :param parse: reads the words of the command.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "run", "run", show=False),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("up", "app.focus_previous", "before", show=False),
        Binding("ctrl+y", "copy", "copy", show=False, priority=True),
        Binding("ctrl+s", "save", "save", show=False, priority=True),
        Binding("ctrl+o", "recall", "recall", show=False, priority=True),
    ]

    def __init__(self, detail: ImageDetail, parse: Parse) -> None:
        self._image, self._parse = name_of_image(detail.summary), parse
        hints = _hints(detail)
        self._inputs = {name: Field(placeholder=hints[name], id=f"run-{name}") for name in _LABELS}
        self._choices = {
            "restart": Choice(_RESTARTS, id="run-restart"),
            "tty": Choice(("no", "yes"), id="run-tty"),
            "rm": Choice(("keep", "remove"), id="run-rm"),
        }
        self._about = Words(id="about")
        super().__init__()
        self.foot.say(
            [(), keys(("Enter", "run"), ("Tab", "next"), ("^Y", "copy"), ("^S", "keep"),
                      ("^O", "kept one"), ("Esc", "leave"))]
        )  # fmt: skip

    def content(self) -> Iterable[Widget]:
        """One line a field."""
        for name, field in self._inputs.items():
            yield _line(_LABELS[name], field)
        yield _line("restart", self._choices["restart"])
        yield _line("terminal", self._choices["tty"])
        yield _line("when it ends", self._choices["rm"])
        yield self._about

    def on_mount(self) -> None:
        """Begin with the command."""
        self.entitle(f"Run {safe(self._image, 100)}")
        self._inputs["command"].focus()
        self._tell()

    # what the fields say

    def words(self) -> list[str]:
        """The words after `lamina run -d`.

        :raises InvalidArgument: a field cannot be split into words; names it.
        """
        found: list[str] = []
        found += ["-t"] if self._choices["tty"].value == "yes" else []
        found += ["--rm"] if self._choices["rm"].value == "remove" else []
        restart = self._choices["restart"].value
        found += ["--restart", restart] if restart != "no" else []
        for name, option in _ONCE.items():
            value = self._inputs[name].value.strip()
            found += [option, value] if value else []
        for name, option in _REPEATED.items():
            found += [word for value in self._split(name) for word in (option, value)]
        return [*found, *self._split("more"), self._image, *self._split("command")]

    def _split(self, name: str) -> list[str]:
        try:
            return shlex.split(self._inputs[name].value)
        except ValueError as error:
            raise InvalidArgument(f"{_LABELS[name]}: {str(error).lower()}") from error

    def asked(self) -> RunAsked:
        """What the fields say, read by the engine's own parser.

        :raises LaminaError: it cannot be meant; says which and why.
        """
        for setting in self._split("env"):
            if "=" not in setting or setting.startswith("="):
                raise InvalidArgument(f"environment: {setting} is not NAME=value")
        name = self._inputs["name"].value.strip()
        if name and not all(letter.isalnum() or letter in "_.-" for letter in name):
            raise InvalidArgument("a name is letters, digits, dots, dashes and underscores")
        words = self.words()
        options = self._parse(words)
        if options.image != self._image:
            raise InvalidArgument("more options: one of them lacks its value, or is a word too many")
        return RunAsked(options, shlex.join(["lamina", "run", "-d", *words]))

    @on(Input.Changed)
    @on(Choice.Changed)
    def _tell(self) -> None:
        try:
            command = self.asked().command
            lines: list[Spans] = [cell("the same by hand", "muted"), *_folded(safe(command), 80)]
        except LaminaError as error:
            lines = [cell("cannot be run like this", "muted"), cell(safe(error.message), "bad")]
        self._about.say([(), *lines])

    # what the person does

    @on(Input.Submitted)
    def action_run(self) -> None:
        """Run it, if it can be meant."""
        try:
            self.dismiss(self.asked())
        except LaminaError:
            self._tell()

    def action_copy(self) -> None:
        """Put the command on the clipboard."""
        try:
            command = self.asked().command
        except LaminaError:
            self._tell()
            return
        self.app.copy_to_clipboard(safe(command))
        self.app.notify("Copied the command", markup=False)

    def action_save(self) -> None:
        """Keep what stands in the fields, for the next time this image is run."""
        fields = {name: field.value for name, field in self._inputs.items()}
        chosen = {name: choice.value for name, choice in self._choices.items()}
        save_preset(self._image, fields | chosen)
        self.app.notify("Kept for the next run of this image: ^O brings it back", markup=False)

    def action_recall(self) -> None:
        """Fill the fields with what was kept for this image."""
        kept: Mapping[str, str] = preset_of(self._image)
        if not kept:
            self.app.notify("Nothing is kept for this image: ^S keeps what stands here", markup=False)
        for name, field in self._inputs.items():
            field.value = kept.get(name, field.value)
        for name in _CHOICES:
            self._choices[name].choose(kept.get(name, ""))
        self._tell()


def _hints(detail: ImageDetail) -> dict[str, str]:
    """What stands in empty fields: what the image says itself, else how a field is written."""
    own = shlex.join((*detail.entrypoint, *detail.cmd)) or "the image names none: type one"
    exposed = " ".join(detail.exposed_ports)
    wanted = f", it wants {' '.join(detail.volumes)}" if detail.volumes else ""
    return {
        "command": safe(shlex.join(detail.cmd) if detail.entrypoint and detail.cmd else own, 200),
        "name": "made up where empty",
        "env": "NAME=value NAME=value",
        "binds": safe(f"/host/path:/inside[:ro] or volume:/inside{wanted}"),
        "ports": safe(f"8080:80{f', it listens at {exposed}' if exposed else ''}"),
        "network": "bridge; none, host, or one of yours",
        "memory": "no limit; 256m",
        "cpus": "no limit; 1.5",
        "more": "any option of lamina run: --cap-drop ALL --read-only",
    }


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
