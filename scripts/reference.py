"""The references in docs/cli.md and docs/lessons.md, written from the program itself: `make reference`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from engine.cli.main import cli, verbs_beside
from engine.lessons.reference import inserted
from tui.entry import VERBS

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
LESSONS = PAGE.with_name("lessons.md")
_HEAD = """# The command line

Written from the program by `make reference`; `lamina VERB --help` says the same.
`lamina` alone opens the workstation.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    context = click.Context(cli, info_name="lamina", terminal_width=100)
    parts = [_HEAD, *_options(cli, context)]
    with verbs_beside(VERBS):
        for name in sorted(cli.list_commands(context)):
            parts += _command(name, cli.get_command(context, name), context, "##")
    return "\n".join(parts).rstrip() + "\n"


def _command(name: str, command: click.Command | None, parent: click.Context, mark: str) -> Iterator[str]:
    assert command is not None  # it was listed
    context = click.Context(command, info_name=name, parent=parent)
    yield f"\n{mark} {context.command_path}\n"
    yield "```\n" + " ".join([context.command_path, *command.collect_usage_pieces(context)]) + "\n```\n"
    yield inspect.cleandoc(command.help or "").replace("\b\n", "").partition("\f")[0].strip() + "\n"
    yield from _options(command, context)
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            yield from _command(verb, command.get_command(context, verb), context, mark + "#")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    options = (param for param in command.params if isinstance(param, click.Option))
    records = [record for option in options if (record := option.get_help_record(context))]
    if records:
        yield "| option | |\n| --- | --- |"
        yield from (f"| `{_cell(names)}` | {_cell(text)} |" for names, text in records)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
    LESSONS.write_text(inserted(LESSONS.read_text("utf-8")), "utf-8")
