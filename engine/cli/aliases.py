"""Groups of verbs that hand on commands of other modules, each loaded when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click


def group_of(elsewhere: Mapping[str, str]) -> type[click.Group]:
    """A class of groups that have, beside their own commands, those of a table.

    :param elsewhere: verb: `module:function`.
    """

    class Group(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            """Every verb, in the order of the alphabet."""
            return sorted((*elsewhere, *self.commands))

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            """The verb's command; None for a word that is no verb."""
            if cmd_name not in elsewhere:
                return super().get_command(ctx, cmd_name)
            module, _, function = elsewhere[cmd_name].partition(":")
            command = getattr(importlib.import_module(module), function)
            assert isinstance(command, click.Command)
            return command

    return Group
