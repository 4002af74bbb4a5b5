"""The engines that are measured, each told in its own words to do the same things."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.process import CommandFailed, command_environment

Words = tuple[str, ...]

# Where scripts/test-peers.sh keeps what its peers need.
PEERS = Path(os.environ.get("PEERS", "/var/tmp/peers"))


class Engine(Protocol):
    """One engine with a store of its own."""

    @property
    def name(self) -> str:
        """What it is called in the results."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables its commands need."""

    def command(self, *words: str) -> Words:
        """The words that call it."""

    def pull(self, image: str) -> Words:
        """The command that pulls."""

    def remove(self, image: str) -> Words:
        """The command that removes an image."""

    def empty(self) -> None:
        """Make the store as if nothing had ever been pulled."""


@dataclass(frozen=True, slots=True)
class Lamina:
    """Lamina, as installed beside the interpreter that runs the benchmark."""

    directory: Path
    name: str = "lamina"
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> Words:
        return (str(Path(sys.executable).parent / "lamina"), "--root", str(self.directory), *words)

    def pull(self, image: str) -> Words:
        return self.command("pull", "--quiet", image)

    def remove(self, image: str) -> Words:
        return self.command("rmi", image)

    def empty(self) -> None:
        if self.directory.exists():
            # Its default bridge would stay on the host.
            quietly(self.command("network", "prune", "--force"), self.environment)
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Podman:
    """Podman with a store of its own; `CONTAINERS_CONF` says which settings it reads."""

    directory: Path
    name: str = "podman"

    @property
    def environment(self) -> Mapping[str, str]:
        settings = PEERS / "containers.conf"
        if "CONTAINERS_CONF" in os.environ or not settings.exists():
            return {}
        return {"CONTAINERS_CONF": str(settings)}

    def command(self, *words: str) -> Words:
        store = ("--root", str(self.directory / "root"), "--runroot", str(self.directory / "run"))
        return ("podman", *store, *words)

    def pull(self, image: str) -> Words:
        return self.command("pull", "--quiet", "--tls-verify=false", image)

    def remove(self, image: str) -> Words:
        return self.command("rmi", image)

    def empty(self) -> None:
        if self.directory.exists():
            quietly(self.command("rmi", "--all", "--force"), self.environment)
        # Podman mounts its storage on itself, which stands in the way of removing it.
        subprocess.run(
            ["umount", "--lazy", str(self.directory / "root/overlay")], capture_output=True, check=False
        )
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Docker:
    """A docker daemon on the socket `LAMINA_BENCH_DOCKER`; its images of the benchmark are removed."""

    socket: Path
    images: Words
    name: str = "docker"
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> Words:
        return ("docker", "--host", f"unix://{self.socket}", *words)

    def pull(self, image: str) -> Words:
        return self.command("pull", "--quiet", image)

    def remove(self, image: str) -> Words:
        return self.command("rmi", image)

    def empty(self) -> None:
        for image in self.images:
            with contextlib.suppress(CommandFailed):  # it was not there
                quietly(self.command("rmi", "--force", image), self.environment)


def engines(directory: Path, images: Words) -> list[Engine]:
    """The engines that this machine has, Lamina first.

    :param directory: scratch space for their stores.
    :param images: all that the benchmark pulls.
    """
    found: list[Engine] = []
    if (Path(sys.executable).parent / "lamina").exists():
        found.append(Lamina(directory / "lamina"))
    if shutil.which("podman"):
        found.append(Podman(directory / "podman"))
    docker = Docker(Path(os.environ.get("LAMINA_BENCH_DOCKER", PEERS / "docker.sock")), images)
    if docker.socket.exists() and shutil.which("docker"):
        with contextlib.suppress(CommandFailed):  # nobody answers there
            quietly(docker.command("version"), docker.environment)
            found.append(docker)
    return found


def quietly(words: Words, environment: Mapping[str, str]) -> None:
    """Run a command that is not measured.

    :raises CommandFailed: it did not succeed.
    """
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=command_environment(environment),
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-1000:]
        raise CommandFailed(f"{' '.join(words)}: exit {done.returncode}\n{said}")
