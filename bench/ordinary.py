"""An ordinary user of the machine, and the engines that he runs without root."""

from __future__ import annotations

import compileall
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.engines import PEERS, Engine, Words, quietly
from bench.process import CommandFailed
from tests.support.ordinary import BINDS, UID, USER, write_files

_STAY = BINDS + "echo ready; exec sleep infinity"


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a mount namespace in which the machine knows him.

    :param home: his directory. :param machine: the process that keeps the namespace, and one of processes.
    """

    home: Path
    machine: int

    def words(self, *words: str) -> Words:
        """A command as he gives it."""
        become = ("setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", "--inh-caps=-all")
        machine = f"/proc/{self.machine}/ns"
        return ("nsenter", f"--mount={machine}/mnt", f"--pid={machine}/pid_for_children", *become, *words)

    @property
    def environment(self) -> Mapping[str, str]:
        """His variables."""
        return {"HOME": str(self.home), "USER": USER, "XDG_RUNTIME_DIR": str(self.home / "run")}


@dataclass(frozen=True, slots=True)
class OrdinaryLamina:
    """Lamina without root."""

    person: Person
    name: str = "lamina"

    @property
    def environment(self) -> Mapping[str, str]:
        return self.person.environment

    def command(self, *words: str) -> Words:
        own = str(Path(sys.executable).parent / "lamina")
        return self.person.words(own, "--root", str(self.person.home / "lamina"), *words)

    def pull(self, image: str) -> Words:
        return self.command("pull", "--quiet", image)

    def remove(self, image: str) -> Words:
        return self.command("rmi", image)

    def empty(self) -> None:
        shutil.rmtree(self.person.home / "lamina", ignore_errors=True)


@dataclass(frozen=True, slots=True)
class OrdinaryPodman:
    """Podman without root."""

    person: Person
    name: str = "podman"

    @property
    def environment(self) -> Mapping[str, str]:
        settings = PEERS / "containers.conf"
        return {
            **self.person.environment,
            **({"CONTAINERS_CONF": str(settings)} if settings.exists() else {}),
        }

    def command(self, *words: str) -> Words:
        # Its run directory may have a short path only.
        store = ("--root", str(self.person.home / "podman"), "--runroot", str(self.person.home / "r"))
        # Left to itself it copies whole images where fuse-overlayfs is not found.
        return self.person.words("podman", "--storage-driver", "overlay", *store, *words)

    def pull(self, image: str) -> Words:
        return self.command("pull", "--quiet", "--tls-verify=false", image)

    def remove(self, image: str) -> Words:
        return self.command("rmi", image)

    def empty(self) -> None:
        with contextlib.suppress(CommandFailed):  # it had none
            quietly(self.command("rmi", "--all", "--force"), self.environment)


@contextlib.contextmanager
def ordinary_engines(directory: Path) -> Iterator[list[Engine]]:
    """The engines that an ordinary user has here, Lamina first; with the last all that is his goes.

    :param directory: scratch space, which everybody may look into then.
    """
    home, etc = directory / "home", directory / "etc"
    (home / "run").mkdir(parents=True)
    for place in (directory.parent, directory, home):
        place.chmod(0o755)
    (home / "run").chmod(0o700)
    for place in (home, home / "run"):
        os.chown(place, UID, UID)
    write_files(etc, subordinate=True)
    # As installed programs are; he himself could not write it.
    for room in ("engine", "tui"):
        compileall.compile_dir(Path(__file__).parents[1] / room, quiet=2)
    # In their own namespace no process of his outlives it.
    apart = ["--pid", "--fork", "--kill-child", "--mount-proc", "--mount", "--propagation", "private"]
    enter = ["unshare", *apart, "sh", "-c", _STAY, "sh"]
    python = os.path.realpath(sys.base_prefix)
    with subprocess.Popen([*enter, str(etc), python], stdout=subprocess.PIPE) as machine:
        assert machine.stdout is not None
        machine.stdout.readline()
        person = Person(home, machine.pid)
        found: list[Engine] = [OrdinaryLamina(person)]
        if shutil.which("podman"):
            found.append(OrdinaryPodman(person))
        try:
            yield found
        finally:
            machine.kill()
