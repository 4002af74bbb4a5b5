"""Real peer programs: a registry on a free port, and the registry of large real images where one runs."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.waiting import eventually

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def needs_programs(*names: str) -> None:
    """Skip the test where one of the programs is not installed."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(
            f"not installed: {', '.join(missing)} (scripts/system-packages.sh installs what tests need)"
        )


def answers(host: str, path: str = "/v2/", status: tuple[int, ...] = (200,)) -> bool:
    """Whether a registry gives status 200, or another that is hoped for, for a path."""
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept": ", ".join(MANIFESTS)})
        return connection.getresponse().status in status
    except OSError:
        return False
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class RealRegistry:
    """The registry of large real images; `LAMINA_TEST_REGISTRY` says where."""

    host: str

    def image(self, name: str) -> str:
        """The full reference of `redis:7` and the like; skips the test where it is not served."""
        repository, _, tag = name.partition(":")
        if not answers(self.host, f"/v2/{repository}/manifests/{tag}"):
            pytest.skip(f"the registry at {self.host} does not serve {name}")
        return f"{self.host}/{name}"

    @classmethod
    def find(cls) -> RealRegistry:
        """The registry, or a skip where none answers."""
        host = os.environ.get("LAMINA_TEST_REGISTRY", "127.0.0.1:5000")
        if not answers(host):
            pytest.skip(f"no registry answers at {host} (LAMINA_TEST_REGISTRY names another)")
        return cls(host)


@dataclass(frozen=True, slots=True)
class PeerRegistry:
    """A docker-registry process that belongs to this test run."""

    host: str
    storage: Path

    def push(self, layout: Path, tag: str, name: str) -> str:
        """Copy an image of an OCI layout into the registry.

        :param tag: its name inside the layout; :param name: `repository:tag` in the registry.
        :return: the full reference to pull.
        """
        needs_programs("skopeo")
        self.copy(f"oci:{layout}:{tag}", name)
        return f"{self.host}/{name}"

    def copy(self, source: str, name: str, *options: str) -> None:
        """Copy an image from anywhere skopeo can read, `docker://` and `oci:` among others."""
        words = ["skopeo", "--insecure-policy", "copy", "--quiet", *options, "--dest-tls-verify=false"]
        if source.startswith("docker://"):
            words.append("--src-tls-verify=false")
        run(*words, source, f"docker://{self.host}/{name}")


@contextlib.contextmanager
def peer_registry(directory: Path, auth: str = "") -> Iterator[PeerRegistry]:
    """Run a docker-registry over a directory, on a free loopback port, until the block ends.

    :param auth: the `auth` section of its configuration, in YAML's flow style; "" lets everybody in.
    """
    needs_programs("docker-registry", "setpriv")
    storage = directory / "storage"
    storage.mkdir()
    for _ in range(5):  # another process may take the free port before the registry does
        host = f"127.0.0.1:{_free_port()}"
        with _registry_process(directory, storage, host, auth) as process:
            if _serves(process, host):
                yield PeerRegistry(host, storage)
                return
    pytest.fail(
        f"docker-registry does not start: {(directory / 'log').read_text('utf-8', 'replace')[-2000:]}"
    )


def run(*words: str, cwd: Path | None = None) -> str:
    """Run a peer program; gives what it wrote, and fails the test with all it said when it fails."""
    done = subprocess.run(
        words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def _serves(process: subprocess.Popen[bytes], host: str) -> bool:
    up = (200, 401)  # some want a password first
    eventually(lambda: process.poll() is not None or answers(host, status=up))
    return process.poll() is None and answers(host, status=up)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextlib.contextmanager
def _registry_process(
    directory: Path, storage: Path, host: str, auth: str
) -> Iterator[subprocess.Popen[bytes]]:
    config = directory / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        "log: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {storage}}}, delete: {{enabled: true}}}}\n"
        f'http: {{addr: "{host}"}}\n' + (f"auth: {auth}\n" if auth else "")
    )
    with (directory / "log").open("ab") as log:
        # The signal at our death, so that a test run that is killed leaves no registry.
        words = ["setpriv", "--pdeathsig", "KILL", "docker-registry", "serve", str(config)]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=10)
