"""In which shape a verb prints: a table, JSON, or a template of Go's; `--format` where Docker has fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from engine.cli.output import print_json, print_table
from engine.printable import printable

if TYPE_CHECKING:
    from engine.cli.template import Template

_TABLE = "table "
_ESCAPES = {r"\t": "\t", r"\n": "\n"}  # which a shell hands on as they are written
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Shape(NamedTuple):
    """What was asked for; neither is the verb's own table.

    :param columns: templates of a table's cells, with its headings.
    """

    as_json: bool = False
    template: Template | None = None
    columns: tuple[Template, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether a template says what is printed."""
        return self.template is not None or bool(self.columns)


def _read(ctx: click.Context, param: click.Parameter, value: str) -> Shape:
    if value in ("json", "table", ""):
        return Shape(as_json=value == "json")
    for written, meant in _ESCAPES.items():
        value = value.replace(written, meant)
    if "{{" not in value:
        words = "'json', 'table' nor a template such as '{{.ID}}'"
        raise click.BadParameter(f"{printable(value)!r} is neither {words}", ctx, param)
    from engine.cli.template import Template  # for those alone who have one

    if value.startswith(_TABLE):
        return Shape(columns=tuple(map(Template, value.removeprefix(_TABLE).split("\t"))))
    return Shape(template=Template(value))


def _read_inspection(ctx: click.Context, param: click.Parameter, value: str) -> Shape:
    shape = _read(ctx, param, value)
    if shape.as_json or shape.template:
        return shape
    raise click.BadParameter("there is no table here, only 'json' and templates", ctx, param)


def _read_facts(ctx: click.Context, param: click.Parameter, value: str) -> Shape:
    shape = _read(ctx, param, value)
    if shape.columns:
        raise click.BadParameter("these are no rows of a table; say a template alone", ctx, param)
    return shape


shape_option = click.option(
    "--format", "shape", metavar="json|table|TEMPLATE", default="table", callback=_read,
    help="json: one JSON document. TEMPLATE: of Go's, such as '{{.ID}}', or 'table {{.ID}}\\t{{.Size}}'.",
)  # fmt: skip
"""`--format` of a list, handed to the command as `shape: Shape`."""

stream_option = click.option(
    "--format", "shape", metavar="json|table|TEMPLATE", default="table", callback=_read,
    help="json: one JSON document, or JSON lines for streams. TEMPLATE: of Go's, such as '{{.ID}}'.",
)  # fmt: skip
"""`--format` of what may go on for ever, handed to the command as `shape: Shape`."""

facts_option = click.option(
    "-f", "--format", "shape", metavar="json|table|TEMPLATE", default="table", callback=_read_facts,
    help="json: one JSON document. TEMPLATE: of Go's, with Docker's names.",
)  # fmt: skip
"""`--format` of a few facts, handed to the command as `shape: Shape`."""

inspection_option = click.option(
    "-f", "--format", "shape", metavar="json|TEMPLATE", default="json", callback=_read_inspection,
    help="json: a JSON list. TEMPLATE: of Go's, such as '{{.Name}}', filled in for each.",
)  # fmt: skip
"""`--format` of an inspect, handed to the command as `shape: Shape`."""


def print_rows(
    shape: Shape, rows: Sequence[Mapping[str, object]], headings: Mapping[str, str] | None = None
) -> None:
    """Print rows by the templates of `shape`.

    :param rows: fields by Docker's names.
    :param headings: of columns that are not called as their field is.
    """
    if shape.template is not None:
        for row in rows:
            click.echo(shape.template.fill(row))
        return
    known = headings or {}
    titles = [
        " ".join(known.get(field, _CAPITAL.sub(" ", field).upper()) for field in column.fields())
        for column in shape.columns
    ]
    print_table(titles, [[column.fill(row) for column in shape.columns] for row in rows])


def print_inspections(shape: Shape, found: Sequence[Mapping[str, Any]]) -> None:
    """Print what an inspect found: a JSON list, or a line for each by the template."""
    if shape.as_json:
        print_json(found)
    else:
        print_rows(shape, found)


def labels_text(labels: Mapping[str, str]) -> str:
    """Docker's field Labels of a row: `a=b,c=d`."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def label_of(labels: Mapping[str, str]) -> Callable[[str], str]:
    """Docker's `{{.Label "name"}}` of a row."""
    return lambda name: labels.get(name, "")
