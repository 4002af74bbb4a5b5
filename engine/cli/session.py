"""What commands work with: the settings and rooms of the store that was chosen, and options they share."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import click

if TYPE_CHECKING:
    from engine.rooms import Rooms
    from engine.settings import Settings


class Session:
    """Settings and rooms, loaded by the commands that need them.

    :param root: the store's directory as given by `--root`, or None.
    :ivar lenient: go on without a settings file that cannot be used, and tell of it in `settings.faults`.
    """

    entered: ClassVar[Settings | None] = None
    """The settings of an ordinary user whose namespace this process is in already."""

    def __init__(self, root: str | None = None) -> None:
        self._root = root
        self.lenient = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of this store; an ordinary user is root of its user namespace from here on."""
        from engine.settings import load_lenient, load_settings

        found = load_lenient(self._root) if self.lenient else load_settings(self._root)
        if os.geteuid() != 0:
            from engine.rootless.session import enter

            enter(found)
        return found

    @cached_property
    def rooms(self) -> Rooms:
        """The store's rooms, each opened when first used."""
        from engine.rooms import Rooms

        return Rooms(self.settings)


pass_session = click.make_pass_decorator(Session, ensure=True)

platform_option = click.option(
    "--platform", metavar="OS/ARCH", default="", help="Instead of this host's: linux/arm64, linux/arm/v7."
)
"""`--platform`, of all verbs that may bring an image here."""
