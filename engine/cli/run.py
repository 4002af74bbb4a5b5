"""Verbs that make and start containers: create, run, start."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from engine.cli import complete
from engine.cli.attach import detach_keys_option, keys_of, stand_in
from engine.cli.ending import each, give_up
from engine.cli.options import CONTEXT, Wanted, container_options, wanted
from engine.cli.pausing import stepper
from engine.cli.refusing import Refusing
from engine.cli.session import Session, pass_session
from engine.cli.several import several
from engine.errors import AlreadyExists, InvalidArgument, NotFound

if TYPE_CHECKING:
    from engine.containers.models import ContainerOptions, ContainerSummary
    from engine.containers.service import Started
    from engine.runtime.start import OnStep


@click.command(cls=Refusing, context_settings=CONTEXT)
@container_options
@pass_session
def create(session: Session, /, **options: Any) -> None:
    """Make a container of IMAGE without starting it; print its id."""
    click.echo(_create(session, wanted(**options), at_once=False).id)


@click.command(cls=Refusing, context_settings=CONTEXT)
@click.option("-d", "--detach", is_flag=True, help="Let it run by itself; print its id.")
@click.option("--pause-steps", is_flag=True, help="Stop between the steps of its start; Enter goes on.")
@click.option(
    "-a",
    "--attach",
    "streams",
    multiple=True,
    metavar="STREAM",
    type=click.Choice(["stdin", "stdout", "stderr"], case_sensitive=False),
    help="Connect only these of stdin, stdout and stderr.",
)
@click.option(
    "--sig-proxy",
    type=bool,
    default=True,
    show_default=True,
    help="Hand Ctrl-C and its like to the container; false: they end only this command.",
)
@detach_keys_option
@container_options
@pass_session
def run(
    session: Session,
    /,
    detach: bool,
    detach_keys: str | None,
    pause_steps: bool,
    sig_proxy: bool,
    streams: tuple[str, ...],
    **options: Any,
) -> int:
    """Make a container of IMAGE and run COMMAND in it, or what the image says.

    Ends with the program's own exit code; 125, 126 or 127 when it could not be started.
    """
    asked = wanted(**options)
    keys = keys_of(session, detach_keys)
    if asked.options.tty and asked.options.interactive and not detach and not sys.stdin.isatty():
        raise InvalidArgument(
            "-t with -i wants a terminal, and standard input is none", hint="leave out -t, or use -d"
        )
    _check_streams(streams, asked.options.interactive, detach)
    on_step = stepper() if pause_steps else None
    made = _create(session, asked, at_once=True)
    try:
        if asked.options.ports or asked.options.publish_all:
            _warn_of_firewalls(session, made.id)
        started = _start(session, made.id, not detach, on_step, at_once=True)
    except BaseException as error:  # an interrupt, or no descriptor left
        give_up(session.rooms.containers, made.id, error, detach, asked.options.auto_remove)
        raise
    if detach:
        click.echo(made.id)
        return 0
    interactive = asked.options.interactive and (not streams or "stdin" in streams)
    fronts = {"sig_proxy": sig_proxy, **({"shown": streams} if streams else {})}
    return _stand_in(session, started, interactive, asked.options.auto_remove, keys, **fronts)


@click.command(cls=Refusing)
@several(complete.containers)
@click.option("-a", "--attach", is_flag=True, help="Show its output and end with its exit code.")
@click.option("-i", "--interactive", is_flag=True, help="Connect standard input; implies -a.")
@detach_keys_option
@pass_session
def start(
    session: Session, names: tuple[str, ...], attach: bool, interactive: bool, detach_keys: str | None
) -> int:
    """Start containers that do not run."""
    if attach or interactive:
        if len(names) > 1:
            raise InvalidArgument("-a and -i are for one container at a time")
        auto_remove = session.rooms.containers.inspect(names[0])["HostConfig"]["AutoRemove"]
        started = _start(session, names[0], True)
        return _stand_in(session, started, interactive, auto_remove, keys_of(session, detach_keys))

    def start_one(name: str) -> None:
        session.rooms.containers.start(name)
        click.echo(name)

    return each(names, start_one)


def _check_streams(streams: tuple[str, ...], interactive: bool, detach: bool) -> None:
    if streams and detach:
        raise InvalidArgument("-a and -d exclude each other")
    if "stdin" in streams and not interactive:
        raise InvalidArgument("-a stdin wants -i too", hint="without it standard input is closed")
    if set(streams) == {"stdin"}:
        raise InvalidArgument("-a stdin alone would show nothing", hint="name stdout or stderr too")


def _create(session: Session, asked: Wanted, at_once: bool) -> ContainerSummary:
    with _id_file(asked.id_file) as write_id:
        _bring_image(session, asked)
        made = session.rooms.containers.create(_keepable(asked.options), at_once=at_once)
        write_id(made.id)
    return made


def _warn_of_firewalls(session: Session, container: str) -> None:
    """Say who drops what comes to published ports, which nothing else would tell."""
    from engine.network.firewalls import obstacles
    from engine.network.interfaces import way_out

    networks = session.rooms.kept.networks
    out = way_out(networks.endpoints(container))
    found = networks.within(obstacles) if out else ()
    for one in found:
        where = f"{one.family} {one.table} {one.chain}"
        words = f"lamina: warning: the firewall {where} drops what comes to published ports from elsewhere"
        click.echo(f"{words}; as root: {one.advice}", err=True)


def _keepable(options: ContainerOptions) -> ContainerOptions:
    """The options without limits that an ordinary user has no control groups for, which is said."""
    from engine.linux.user_namespaces import in_user_namespace

    if not in_user_namespace():
        return options  # root is told what cannot be kept, and decides
    from engine.linux.cgroups import find_cgroups
    from engine.runtime.groups import keepable

    kept, lost = keepable(find_cgroups(), options.resources)
    if lost:
        hint = "lamina info says what would add them"
        click.echo(f"lamina: warning: {', '.join(lost)}: not kept, without control groups ({hint})", err=True)
    return options._replace(resources=kept)


@contextlib.contextmanager
def _id_file(path: str) -> Iterator[Callable[[str], object]]:
    """Takes the id of what is made to a new file, which is not left behind where nothing was made."""
    if not path:
        yield lambda _: None
        return
    try:
        file = open(path, "x", encoding="ascii")  # noqa: SIM115 - closed below, whatever happens
    except FileExistsError as error:
        raise AlreadyExists(
            f"--cidfile {path}: the file is there already", hint="remove it, or name another"
        ) from error
    except OSError as error:
        raise InvalidArgument(f"--cidfile {path}: {error.strerror}") from error
    try:
        with file:
            yield file.write
    except BaseException:
        os.unlink(path)
        raise


def _bring_image(session: Session, asked: Wanted) -> None:
    if _must_travel(session, asked):
        from engine.cli.pulling import pull_image  # most runs find their image here

        pull_image(session.rooms, asked.options.image, asked.platform, quiet=asked.quiet)


def _must_travel(session: Session, asked: Wanted) -> bool:
    """Whether to ask the registry first; raises NotFound where that is wanted and forbidden."""
    image = asked.options.image
    if asked.pull == "always":
        return True
    try:
        session.rooms.images.recipe(image)
    except NotFound:
        if asked.pull == "never":
            raise
        if not asked.quiet:
            click.echo(f"{image} is not here; pulling it", err=True)
        return True
    if not asked.platform:
        return False
    here = session.rooms.images.get(image).summary.platform
    if _is_for(here, asked.platform):
        return False
    if asked.pull == "never":
        raise NotFound(f"{image} is here for {here}, not for {asked.platform}")
    return True


def _is_for(platform: str, wanted_platform: str) -> bool:
    from engine.oci.platform import Platform

    return Platform.parse(platform) == Platform.parse(wanted_platform)


def _start(
    session: Session, name: str, attach: bool, on_step: OnStep | None = None, at_once: bool = False
) -> Started:
    from engine.runtime.attach import terminal_size

    size = terminal_size(sys.stdin.fileno()) if attach else None
    return session.rooms.containers.start(name, attach, size=size, on_step=on_step, at_once=at_once)


def _stand_in(
    session: Session, started: Started, interactive: bool, auto_remove: bool, keys: bytes, **fronts: Any
) -> int:
    """Stand in its streams until it ends; gives its exit code, 0 where it is left running."""
    containers = session.rooms.containers
    assert started.attachment is not None
    code = stand_in(session, containers.get(started.id), started.attachment, interactive, keys, **fronts)
    if code is None:
        return 0  # left running
    if auto_remove:
        # The monitor leaves it to us, so that it is gone when this command has ended.
        containers.remove_ended(started.id)
    return code
