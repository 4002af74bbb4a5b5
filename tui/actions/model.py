"""What a verb of the screen is, and where a person stands when doing one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from engine.containers.models import ContainerSummary
from engine.images.models import ImageSummary
from tui.actions.equivalents import name_of_image
from tui.state import State
from tui.updates import Task

ScreenName = Literal[
    "workbench", "explorer", "file", "compare", "stores", "browse", "logs", "lessons", "lesson", "glossary"
]  # fmt: skip
Place = Literal[
    "images",
    "containers",
    "layers",
    "inspector",
    "activity",
    "stack",
    "tree",
    "waste",
    "content",
    "pairs",
    "networks",
    "volumes",
    "entries",
    "log",
    "lessons",
    "reading",
    "working",
    "words",
]
Group = Literal["go", "images", "containers", "inside", "stores", "logs", "lessons", "activity", "program"]

WORKBENCH: tuple[ScreenName, ...] = ("workbench",)
EVERYWHERE: tuple[ScreenName, ...] = get_args(ScreenName)


@dataclass(frozen=True, slots=True)
class Context:
    """Where the person stands: the panel with focus, and what is under its cursor.

    :param path: the path under the cursor, in a screen that looks inside images; without leading slash.
    :param folder: whether that path is a directory.
    :param inside: the images that such a screen looks into, as names for commands.
    :param marked: ids of what is marked in the list with focus.
    :param tab: of the inspector, where one stands in it.
    """

    place: Place
    state: State
    image: ImageSummary | None = None
    container: ContainerSummary | None = None
    task: Task | None = None
    screen: ScreenName = "workbench"
    path: str | None = None
    folder: bool = False
    inside: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    tab: str = ""

    @property
    def image_name(self) -> str:
        """What to call the image in a command: its first name, or its id."""
        return name_of_image(self.image) if self.image is not None else ""


def always(_: Context) -> bool:
    """Wherever one stands."""
    return True


def no_command(_: Context) -> str:
    """Nothing on the command line does the same."""
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
    :param changes: it changes something on the store; `--read-only` takes it away.
    :param screens: where its key works.
    """

    id: str
    keys: str
    shown: str
    label: str
    about: str
    group: Group
    places: tuple[Place, ...] = ()
    enabled: Callable[[Context], bool] = always
    command: Callable[[Context], str] = no_command
    danger: bool = False
    changes: bool = False
    screens: tuple[ScreenName, ...] = WORKBENCH

    def available(self, ctx: Context) -> bool:
        """Whether it can be done where the person stands."""
        forbidden = self.changes and ctx.state.read_only
        return ctx.screen in self.screens and not forbidden and self.enabled(ctx)

    def key(self, state: State) -> str:
        """How its key is written now."""
        return state.shown_keys.get(self.id, self.shown)
