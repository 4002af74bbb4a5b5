"""Hostile text in every place of a store that tables tell of: nothing of it reaches the terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
import tarfile
import threading
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tui.hostile import HOSTILE

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="a store of root's, with networks"),
]

_FOREIGN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST = 3000  # of one word of a command; the kernel bounds all of them together


def _word(text: str) -> str:
    """What a person could have typed of it: no NUL, and bytes that can be passed on."""
    raw = text[:_LONGEST].replace("\0", "").encode("utf-8", "surrogatepass")
    return raw.decode("utf-8", "surrogateescape")


_WORDS = tuple(_word(text) for text in HOSTILE)
_TEXTS = tuple(
    text for text in _WORDS if "\udced" not in text
)  # documents of images and databases are Unicode


def _archive(path: Path) -> None:
    """A root file system whose names are hostile."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for number, text in enumerate(_WORDS):
            info = tarfile.TarInfo(f"d/{number}{text[:60].replace('/', '|')}")
            info.size = 4
            archive.addfile(info, io.BytesIO(b"x\x1b[2J"[:4]))


def _lamina(root: Path, *words: str) -> bytes:
    """Run a command on a terminal; all that it wrote there."""
    master, slave = pty.openpty()
    line = [sys.executable, "-m", "tui.entry", "--root", str(root), *words]
    with subprocess.Popen(line, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        written = b""
        with contextlib.suppress(OSError):  # its end
            while data := os.read(master, 65536):
                written += data
        process.wait()
    os.close(master)
    return written


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store in which everything that can be hostile is."""
    home = tmp_path_factory.mktemp("hostile")
    root = home / "store"
    _archive(home / "root.tar")
    labels = [word for n, text in enumerate(_TEXTS) for word in ("--label", f"k{n}{text[:40]}={text}")]
    env = [word for n, text in enumerate(_TEXTS) for word in ("-e", f"V{n}={text}")]
    quoted = (text.replace("\\", "").replace('"', "").replace("\n", "").replace("$", "") for text in _TEXTS)
    changes = [word for n, text in enumerate(quoted) for word in ("-c", f'LABEL "k{n}"="{text}"')]
    message = "".join(text[:40] for text in _TEXTS)
    made = _lamina(root, "import", "-m", message, *changes, str(home / "root.tar"), "hostile:1")
    assert b"sha256:" in made, made
    _lamina(root, "tag", "hostile:1", "hostile:2")
    _lamina(root, "create", "--name", "box", "--network", "none", *labels, *env, "hostile:1", *_TEXTS)
    _lamina(root, "create", "--name", "box2", "--network", "none", *labels, "hostile:2", *_TEXTS[:3])
    _lamina(root, "volume", "create", *labels, "data")
    _lamina(root, "network", "create", *labels, "wire")
    yield root
    _lamina(root, "rm", "-f", "box", "box2")
    _lamina(root, "network", "rm", "wire")


_VERBS = (
    "ps -a", "ps -a --no-trunc", "images", "images --no-trunc", "layers hostile:1", "history hostile:1",
    "history --no-trunc hostile:1", "tree hostile:1", "waste hostile:1", "blame hostile:1 /d", "sharing",
    "compare hostile:1 hostile:2", "diff hostile:1 hostile:2", "diff box", "steps box",
    "events --since 0 --until 1s", "network ls", "volume ls", "network inspect wire", "volume inspect data",
    "inspect box", "inspect hostile:1", "system df", "info", "port box", "stats --no-stream -a",
    "check-image hostile:1", "rmi hostile:1", "inspect {words}", "rm {words}", "plan {word}",
)  # fmt: skip


@pytest.mark.parametrize("verb", _VERBS)
def test_no_foreign_byte_reaches_the_terminal(store: Path, verb: str) -> None:
    line: list[str] = []
    for part in verb.split(" "):
        line += {"{words}": list(_WORDS), "{word}": [_WORDS[0]]}.get(part, [part])
    _no_foreign(_lamina(store, *line))


def _no_foreign(written: bytes) -> None:
    assert b"Traceback" not in written
    text = written.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    foreign = {letter for letter in text if unicodedata.category(letter) in _FOREIGN and letter != "\n"}
    assert foreign == set(), written[:300]


class _Liar(BaseHTTPRequestHandler):
    """A registry that answers everything with hostile errors."""

    def do_GET(self) -> None:
        """Refuse, in words of its own."""
        errors = [{"code": text[:3000], "message": text[:3000], "detail": text[:3000]} for text in _TEXTS]
        body = json.dumps({"errors": errors}).encode("utf-8", "surrogatepass")
        self.send_response(403 if "denied" in self.path else 404, "\x1b[2J\x9b31mno")
        self.send_header("Content-Type", "application/json")
        self.send_header("WWW-Authenticate", 'Bearer realm="\x9b31m"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815  the names that http.server looks up

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def liar() -> Iterator[str]:
    """The registry's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Liar)
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "verb",
    ["plan {}/a:1", "pull {}/denied:1", "push -q {}/a:1", "copy {}/a:1 {}/b:1", "outdated", "churn {}/a"],
)
def test_no_foreign_byte_of_a_registry_reaches_the_terminal(store: Path, liar: str, verb: str) -> None:
    _lamina(store, "tag", "hostile:1", f"{liar}/a:1")
    written = _lamina(store, *verb.replace("{}", liar).split(" "))
    assert written
    _no_foreign(written)
