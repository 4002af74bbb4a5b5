"""The verb `check-image`: rules that a build's image must keep, for continuous integration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.looking import look_platform_option, looking
from engine.cli.output import print_json
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument, LaminaError, LimitExceeded
from engine.printable import printable

if TYPE_CHECKING:
    from engine.analysis.rules import Rules

_MOST_RULES = (64 << 10) + 1  # bytes to read of a file that may have 64 KiB


def _value(parser: str) -> Callable[[click.Context, click.Parameter, str | None], int | float | None]:
    """A callback that reads an option as the file of rules is read."""

    def parse(ctx: click.Context, param: click.Parameter, value: str | None) -> int | float | None:
        from engine.analysis import rules

        parsers: dict[str, Callable[[object], int | float]] = {
            "size": rules.parse_size,
            "part": rules.parse_part,
        }
        try:
            return None if value is None else parsers[parser](value)
        except LaminaError as error:
            raise click.BadParameter(f"{error.message}; {error.hint}", ctx, param) from error

    return parse


@click.command("check-image")
@click.argument("image", shell_complete=complete.images)
@click.option(
    "--max-waste", metavar="SIZE", callback=_value("size"), help="Bytes that may be hidden, as 50MB."
)
@click.option("--min-efficiency", metavar="PART", callback=_value("part"), help="Part that is seen, as 95%.")
@click.option(
    "--max-update-bytes", metavar="SIZE", callback=_value("size"), help="Download from the old image."
)
@click.option("--from", "update_from", metavar="OLD", help="The image that --max-update-bytes starts from.")
@click.option("--no-hidden-secrets", is_flag=True, help="No keys or passwords in any layer.")
@click.option("--allow-secret", "allowed", metavar="GLOB", multiple=True, help="Paths that may hold them.")
@click.option(
    "--rules", "file", type=click.Path(path_type=Path), help="Rules in TOML; options win over them."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", help="What is printed."
)
@look_platform_option
@pass_session
def check_image(
    session: Session, image: str, max_waste: int | None, min_efficiency: float | None,
    max_update_bytes: int | None, update_from: str | None, no_hidden_secrets: bool, allowed: tuple[str, ...],
    file: Path | None, platform: str, form: str,
) -> int:  # fmt: skip
    """Check IMAGE against rules. The exit code is 0 when all are kept, 1 when one is broken.

    Secrets are files such as private keys, .npmrc or .aws/credentials with a key in them, in any layer:
    what a later layer removes travels all the same. A file of rules has the options' names as keys:
    max-waste = "50MB", no-hidden-secrets = true, allow-secrets = ["etc/ssl/private/*"].
    """
    from engine.analysis import verdicts
    from engine.analysis.rules import Rules

    options = Rules(max_waste, min_efficiency, max_update_bytes, update_from, no_hidden_secrets, allowed)
    rules = options.over(_file(file) if file else Rules()).check()
    with looking(session, platform) as inside:
        found = inside.check(image, rules)
    if form == "json":
        print_json(verdicts.as_document(image, found))
    else:
        click.echo(verdicts.as_junit(image, found) if form == "junit" else verdicts.as_text(image, found))
    return 0 if verdicts.passed(found) else 1


def _file(path: Path) -> Rules:
    from engine.analysis.rules import parse_rules

    try:
        with path.open("rb") as file:
            return parse_rules(file.read(_MOST_RULES))
    except (InvalidArgument, LimitExceeded) as error:
        raise type(error)(f"{printable(str(path))}: {error.message}", hint=error.hint) from error
    except OSError as error:
        raise InvalidArgument(f"cannot read the rules {printable(str(path))}: {error.strerror}") from error
