"""A docker daemon to be compared with: the socket `LAMINA_TEST_DOCKER`, or that of scripts/test-peers.sh."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.peers import needs_programs


@dataclass(frozen=True, slots=True)
class DockerDaemon:
    """A daemon that answers."""

    socket: Path

    def __call__(self, *words: str, timeout: float = 120) -> str:
        """What a docker command writes; an AssertionError with its words when it fails."""
        done = subprocess.run(
            ["docker", "--host", f"unix://{self.socket}", *words],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
        return done.stdout

    @classmethod
    def find(cls) -> DockerDaemon:
        """The daemon, or a skip where none answers."""
        needs_programs("docker")
        peers = Path(os.environ.get("PEERS", "/var/tmp/peers"))
        daemon = cls(Path(os.environ.get("LAMINA_TEST_DOCKER", peers / "docker.sock")))
        try:
            daemon("version", timeout=60)
        except (AssertionError, subprocess.TimeoutExpired):
            pytest.skip(f"no docker daemon answers at {daemon.socket} (LAMINA_TEST_DOCKER names another)")
        return daemon
