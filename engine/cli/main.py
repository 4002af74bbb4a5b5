"""The command line: which verbs there are, and how a command ends.

A verb's module is imported when that verb is called, so each command pays only for what it uses.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from engine.cli.ending import ended
from engine.cli.session import Session
from engine.errors import NotSupported

if TYPE_CHECKING:
    from engine.settings import Settings

    OpenWorkstation = Callable[[Settings], int]

_NAME = "lamina"
_COMPLETE = "_LAMINA_COMPLETE"  # set by the scripts that `lamina completion` prints

# verb: (module:function, what it does)
_VERBS = {
    "attach": ("engine.cli.attach:attach", "Connect to a running container's input and output"),
    "blame": ("engine.cli.waste:blame", "Show which layers touched a path of an image"),
    "boot": ("engine.cli.boot:boot", "Start what should run after a start of the machine"),
    "cat": ("engine.cli.cat:cat", "Print a file of an image"),
    "check-image": ("engine.cli.check_image:check_image", "Check an image against rules, for CI"),
    "churn": ("engine.cli.churn:churn", "Show what a repository's releases cost those who follow them"),
    "commit": ("engine.cli.commit:commit", "Make an image of a container"),
    "compare": ("engine.cli.compare:compare", "Sum up what separates two images"),
    "completion": ("engine.cli.completion:completion", "Print a shell's completion script"),
    "container": (
        "engine.cli.container:container",
        "Docker's longer names for container verbs; prune",
    ),
    "copy": ("engine.cli.copy:copy", "Copy an image from registry to registry"),
    "cp": ("engine.cli.cp:cp", "Copy files between a container and the host"),
    "create": ("engine.cli.run:create", "Make a container without starting it"),
    "diff": ("engine.cli.diff:diff", "Show in what two images differ: layers, files, settings, text"),
    "events": ("engine.cli.events:events", "Show what happens on the store"),
    "export": ("engine.cli.export:export", "Write all files of a container as an archive"),
    "exec": ("engine.cli.exec:exec_", "Run a program in a running container"),
    "extract": ("engine.cli.cat:extract", "Write a file or directory of an image to the host"),
    "history": ("engine.cli.history:history", "Show the instructions that made an image"),
    "image": ("engine.cli.image:image", "Docker's longer names for verbs about images; image prune"),
    "images": ("engine.cli.images:images", "List images"),
    "import": ("engine.cli.commit:import_", "Make an image of an archive of files"),
    "info": ("engine.cli.host:info", "Show the host and the store"),
    "inspect": ("engine.cli.inspect:inspect", "Show everything about containers, images, networks, volumes"),
    "kill": ("engine.cli.lifecycle:kill", "Send a signal to containers"),
    "lab": ("engine.cli.lab:lab", "Sample images of this host on a loopback port, and guided lessons"),
    "layers": ("engine.cli.images:layers", "Show an image's layers: sizes, sharing, instructions"),
    "login": ("engine.cli.login:login", "Log in to a registry"),
    "logout": ("engine.cli.login:logout", "Log out of a registry"),
    "load": ("engine.cli.load:load", "Load images from an archive"),
    "logs": ("engine.cli.logs:logs", "Show what a container wrote"),
    "namespaces": ("engine.cli.namespaces:namespaces", "Show what the kernel shows a container"),
    "network": ("engine.cli.network:network", "Networks that containers are on: make, list, connect, remove"),
    "outdated": ("engine.cli.outdated:outdated", "Show which tags moved on in their registry"),
    "overlay": ("engine.cli.overlay:overlay", "Show what a container did to its writable layer, live too"),
    "pause": ("engine.cli.life:pause", "Have containers stop where they are"),
    "plan": ("engine.cli.pull:plan", "Show what a pull would fetch"),
    "port": ("engine.cli.network:port", "Show which ports of the host lead to a container"),
    "ps": ("engine.cli.ps:ps", "List containers"),
    "pull": ("engine.cli.pull:pull", "Bring an image here from its registry"),
    "push": ("engine.cli.push:push", "Give a registry an image; only what it lacks travels"),
    "rename": ("engine.cli.life:rename", "Give a container another name"),
    "restart": ("engine.cli.life:restart", "End containers and start them again"),
    "rm": ("engine.cli.lifecycle:rm", "Remove containers"),
    "rmi": ("engine.cli.images:rmi", "Remove images"),
    "run": ("engine.cli.run:run", "Make a container and start it"),
    "save": ("engine.cli.save:save", "Save images to an archive"),
    "search": ("engine.cli.tags:search", "List the repositories of a registry"),
    "sharing": ("engine.cli.sharing:sharing", "Show what images share, and what removing them would free"),
    "start": ("engine.cli.run:start", "Start containers"),
    "stats": ("engine.cli.stats:stats", "Show what containers use: processors, memory, network, disks"),
    "steps": ("engine.cli.inspect:steps", "Show what was done to start a container"),
    "stop": ("engine.cli.lifecycle:stop", "Ask containers to end, then kill them"),
    "system": ("engine.cli.system:system", "The store as a whole: df, prune, check"),
    "tag": ("engine.cli.images:tag", "Give an image another name"),
    "tags": ("engine.cli.tags:tags", "List the tags of a repository"),
    "top": ("engine.cli.top:top", "Show the processes of a container, by their pids outside and inside"),
    "tree": ("engine.cli.tree:tree", "Show the files of an image or of one layer"),
    "unpause": ("engine.cli.life:unpause", "Let paused containers go on"),
    "update": ("engine.cli.life:update", "Change limits of containers, and when they are started again"),
    "version": ("engine.cli.host:version", "Show the versions at work"),
    "volume": ("engine.cli.volume:volume", "Volumes: create, ls, inspect, rm, prune, export, import"),
    "wait": ("engine.cli.lifecycle:wait", "Wait until containers end; print their exit codes"),
    "waste": ("engine.cli.waste:waste", "Show what an image carries though nobody sees it"),
}


def home_of(verb: str) -> str:
    """Where a verb's command is, `module:function`; "" where there is none."""
    return _VERBS[verb][0] if verb in _VERBS else ""


@contextlib.contextmanager
def verbs_beside(more: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Have the program know verbs beside the engine's for a while: where each is, and what it does."""
    own = dict(_VERBS)
    _VERBS.update(more)
    try:
        yield
    finally:
        _VERBS.clear()
        _VERBS.update(own)


class _Verbs(click.Group):
    """The table of verbs as a click group that imports a verb when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the alphabet."""
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; None for a word that is no verb."""
        if cmd_name not in _VERBS:
            return None
        module, _, function = _VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), function)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb of these words; `help VERB` is `VERB --help`, and an unknown verb names its likes."""
        if args[0] == "help":
            args = [*args[1:], "--help"] if args[1:] else ["--help"]
            if args == ["--help"]:
                click.echo(ctx.get_help())
                ctx.exit()
        if args[0] not in _VERBS and not args[0].startswith("-"):
            from engine.cli.refusing import REFUSED_VERBS

            if instead := REFUSED_VERBS.get(args[0]):
                raise NotSupported(f"there is no verb {args[0]}", hint=instead)
            from difflib import get_close_matches

            if likes := get_close_matches(args[0], _VERBS, 3):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(likes)}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs from the table, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, what) for verb, (_, what) in sorted(_VERBS.items())])


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from engine import __version__

        click.echo(f"Lamina version {__version__}")
        ctx.exit()


@click.group(
    _NAME,
    cls=_Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--root", metavar="DIR", help="The store's directory (also LAMINA_ROOT).")
@click.option(
    "-v", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show Lamina's version.",
)  # fmt: skip
@click.option("--plain", is_flag=True, help="The workstation in ASCII: for slow links and old terminals.")
@click.option("--read-only", is_flag=True, help="The workstation only looks; nothing can be changed there.")
@click.pass_context
def cli(ctx: click.Context, root: str | None, plain: bool, read_only: bool) -> int:
    """Images, layers and containers. Without a command, `lamina` opens the workstation."""
    open_workstation: OpenWorkstation | None = ctx.obj
    session = ctx.obj = Session(root)
    if ctx.invoked_subcommand is not None:
        return 0
    if open_workstation is None:
        click.echo(ctx.get_help())
        click.echo("\nThe workstation is not part of the engine; the program `lamina` opens it.", err=True)
        return 0
    session.lenient = True  # the screen tells what is wrong with its file, and works
    asked = {"plain": plain, "read-only": read_only}
    screen = {**session.settings.screen, **{key: True for key, wanted in asked.items() if wanted}}
    return open_workstation(session.settings._replace(screen=screen))


def main(
    open_workstation: OpenWorkstation | None = None,
    arguments: Sequence[str] | None = None,
    more: Mapping[str, tuple[str, str]] | None = None,
) -> int:
    """Run one command.

    :param open_workstation: what a bare `lamina` calls; gives the exit code.
    :param more: verbs that the program has beside the engine's: where each is, and what it does.
    :param arguments: without the program's name; the process's own where None.
    :returns: the exit code: the command's; 1 for an error of the engine, or with run and exec 125, and 126 or
        127 for a program that cannot be executed or found; 125 for wrong words; 130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    with verbs_beside(more or {}):
        return _complete() if _COMPLETE in os.environ else _run(words, open_workstation)


def _run(words: list[str], open_workstation: OpenWorkstation | None) -> int:
    verbs: list[str] = []

    def command() -> Any:
        # Not click's `main`, which has endings of its own for Ctrl-C and for a reader that went away.
        with cli.make_context(_NAME, words, obj=open_workstation) as context:
            later = context.args[:1]  # a verb of a group, where the first one is a group
            try:
                return cli.invoke(context)
            finally:
                verbs.extend([context.invoked_subcommand or "", *later])

    return ended(command, lambda: _runs(verbs))


def _runs(verbs: list[str]) -> bool:
    """Whether 1 says something else already: that a program ended so, or that an image breaks a rule."""
    verb = verbs[1] if len(verbs) > 1 and verbs[0] == "container" else verbs[0] if verbs else ""
    return verb in ("run", "exec", "check-image")


def _complete() -> int:
    from click.shell_completion import shell_complete

    return shell_complete(cli, {}, _NAME, _COMPLETE, os.environ[_COMPLETE])
