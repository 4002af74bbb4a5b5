"""The verb boot: containers that run when the machine does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from engine.cli.ending import say_error
from engine.cli.session import Session, pass_session
from engine.errors import InvalidArgument, LaminaError, NotSupported

_UNIT = """\
[Unit]
Description=Containers of Lamina
Documentation=man:systemd.unit(5)
After=network-online.target local-fs.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={command} boot
ExecStop={command} boot --down
# A monitor outlives what started it, and is ended by the end of its container.
KillMode=process
TimeoutStartSec=infinity
TimeoutStopSec=120

[Install]
WantedBy={target}
"""


@click.command()
@click.option("--down", is_flag=True, help="End all that runs; the next boot starts it again.")
@click.option("--print-unit", is_flag=True, help="Print a systemd unit that does both.")
@click.option("--install", is_flag=True, help="Install that unit and have systemd use it.")
@pass_session
def boot(session: Session, down: bool, print_unit: bool, install: bool) -> int:
    """Start containers that should run after a start of the machine.

    Those of --restart always, and of unless-stopped where nobody had stopped them. What was started since
    the machine was is left alone, however often this is called.
    """
    if down + print_unit + install > 1:
        raise InvalidArgument("--down, --print-unit and --install exclude each other")
    if print_unit or install:
        unit = _unit(session.settings.root)
        if print_unit:
            click.echo(unit, nl=False)
        else:
            _install(unit)
        return 0
    done = session.rooms.boot.down() if down else session.rooms.boot.up()
    for container in done:
        if container.error:
            say_error(LaminaError(f"{container.name}: {container.error}"))
        else:
            click.echo(container.name)
    return int(any(container.error for container in done))


def _unit(root: Path) -> str:
    program = shutil.which("lamina")
    words = [os.path.abspath(program)] if program else [sys.executable, "-m", "engine.cli"]
    command = " ".join(map(_quoted, [*words, "--root", str(root)]))
    return _UNIT.format(
        command=command, target="multi-user.target" if _for_the_system() else "default.target"
    )


def _for_the_system() -> bool:
    """Whether the machine's own manager starts it; an ordinary user is root of a user namespace only."""
    from engine.linux.user_namespaces import in_user_namespace

    return os.geteuid() == 0 and not in_user_namespace()


def _quoted(word: str) -> str:
    # systemd.service(5), "Command lines": its own quotes, specifiers and variables.
    if any(char in word for char in "\n\0"):
        raise InvalidArgument(f"{word!r} cannot stand in a systemd unit")
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"'


def _install(unit: str) -> None:
    system = _for_the_system()
    home = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config"))
    directory = Path("/etc/systemd/system") if system else home / "systemd/user"
    manager = ["systemctl"] if system else ["systemctl", "--user"]
    if not shutil.which("systemctl"):
        raise NotSupported(
            "this machine has no systemd", hint="have your own service manager call: lamina boot"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "lamina.service").write_text(unit)
    except OSError as error:
        raise NotSupported(f"the unit cannot be written: {error}") from error
    for words in (["daemon-reload"], ["enable", "lamina.service"]):
        told = subprocess.run([*manager, *words], capture_output=True, text=True, check=False)
        if told.returncode:
            raise NotSupported(
                f"systemctl {' '.join(words)} failed: {told.stderr.strip()}",
                hint=f"the unit is at {directory / 'lamina.service'}",
            )
    click.echo(directory / "lamina.service")
