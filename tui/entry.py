"""The console script `lamina`: verbs go to the command line, a bare `lamina` opens the workstation."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` itself would be felt by `exec`
if TYPE_CHECKING:
    from engine.containers.models import ContainerOptions
    from engine.settings import Settings


VERBS = {"web": ("tui.web.verb:web", "Open the workstation in a browser of this host")}
"""Verbs that need the screen."""


def main() -> int:
    """Run one command; gives the exit code."""
    from engine.cli.quick import main as command_line

    return command_line(open_workstation, VERBS)


def open_workstation(settings: Settings) -> int:
    """Open the workstation over a store; without a terminal, say what to do instead."""
    in_browser = os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")  # see `tui.web`
    if not in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(
            "lamina: the workstation needs a terminal\n"
            "  in a terminal: lamina\n"
            "  without one:   lamina images, lamina ps, lamina --help\n"
        )
        return 125
    # How long an Esc waits to see whether it begins a longer sequence, in milliseconds: Textual's own
    # hundred is felt at every dialog.
    os.environ.setdefault("ESCDELAY", "25")
    # How often a second Textual draws at most, which only happens where something changed: a key waits half
    # of what lies between two.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from tui.app import Lamina  # 300 ms that no verb of the command line pays
    from tui.ascii import draws_only_ascii

    only_ascii = not settings.screen.get("plain") and draws_only_ascii()
    if only_ascii:
        settings = settings._replace(screen={**settings.screen, "plain": True})
    app = Lamina(settings)
    if only_ascii:
        app.first_word = "tmux shows only ASCII here, and so does the screen: tmux -u shows all of it"
    app.run()
    return app.return_code or 0


def parse_run(words: list[str]) -> ContainerOptions:
    """The container that the words after `lamina run` describe, by the command line's own parser.

    :raises LaminaError: they cannot be meant.
    """
    from click import UsageError

    from engine.cli.options import wanted
    from engine.cli.run import create
    from engine.errors import InvalidArgument

    try:
        context = create.make_context("create", list(words))
    except UsageError as error:
        raise InvalidArgument(error.format_message()) from error
    return wanted(**context.params).options


if __name__ == "__main__":
    sys.exit(main())
