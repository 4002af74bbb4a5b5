"""What commands print: tables in Docker's shape, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import click

from engine.printable import cells, printable

_GAP = "   "  # Docker's distance between columns


def _checked_format(ctx: click.Context, param: click.Parameter, value: str) -> bool:
    if value in ("json", "table"):
        return value == "json"
    if "{{" in value:
        raise click.BadParameter(
            "there are no templates of this; use --format json, and jq to pick fields", ctx, param
        )
    raise click.BadParameter(f"{printable(value)!r} is neither 'json' nor 'table'", ctx, param)


def _only_json(ctx: click.Context, param: click.Parameter, value: str) -> None:
    if not _checked_format(ctx, param, value):
        raise click.BadParameter("there is only 'json' here", ctx, param)


format_option = click.option(
    "--format", "as_json", metavar="json|table", default="table", callback=_checked_format,
    help="json: one JSON document, or JSON lines for streams.",
)  # fmt: skip
"""`--format`, handed to the command as `as_json: bool`."""

json_option = click.option(
    "--format", metavar="json", default="json", expose_value=False, callback=_only_json,
    help="The one form there is.",
)  # fmt: skip
"""`--format` of a command that prints nothing but JSON."""


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns as wide as their widest cell; every cell is made safe first."""
    safe = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(headings, *safe, strict=True)]
    lines = []
    for row in [list(headings), *safe]:
        padded = [cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append(_GAP.join(padded).rstrip())
    click.echo("\n".join(lines))  # at once: a write for each of ten thousand lines would be felt


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print `name: value` lines; every value is made safe first."""
    for name, value in facts:
        click.echo(f"{name}: {printable(value)}")


def print_json(value: object) -> None:
    """Print one JSON document, indented; what JSON cannot say in ASCII is escaped, so nothing in it acts."""
    click.echo(json.dumps(plain(value), indent=2))


def print_json_line(value: object) -> None:
    """Print one record of a JSON stream and let it out at once."""
    click.echo(json.dumps(plain(value)))


def plain(value: object) -> Any:
    """Records, paths and tuples as what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)
