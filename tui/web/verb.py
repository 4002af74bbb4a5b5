"""`lamina web`: the workstation in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from engine.settings import Settings

_PORT = 7420


class Session(Protocol):
    """What the command line gives its verbs."""

    lenient: bool

    @property
    def settings(self) -> Settings: ...


@click.command("web")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True,
    help="Port on loopback; 0 takes one that is free.",
)  # fmt: skip
@click.option("--read-only", is_flag=True, help="It only looks; nothing can be changed there.")
@click.option("--plain", is_flag=True, help="In ASCII.")
@click.pass_obj
def web(session: Session, port: int, read_only: bool, plain: bool) -> None:
    """Open the workstation in a browser of this host.

    It listens on loopback alone, and lets in only who has the address that it prints. From elsewhere, lead a
    port there: ssh -L 7420:127.0.0.1:7420 HOST.
    """
    import asyncio

    from tui.web.server import listen, serve, workstation_words

    session.lenient = True
    options = [name for name, wanted in (("--read-only", read_only), ("--plain", plain)) if wanted]
    words = workstation_words(str(session.settings.root), options)

    def ready(address: str) -> None:
        click.echo(f"{address}\nOpen it in a browser of this host; Ctrl-C ends.")

    with listen(port) as listener:
        asyncio.run(serve(listener, words, ready))
