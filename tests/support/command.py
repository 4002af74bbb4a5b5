"""The command line as people use it: a process of its own, with its exit code and what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    def ok(self) -> Finished:
        """This, when the command succeeded; an AssertionError with all it said when it did not."""
        assert self.code == 0, f"lamina {' '.join(self.args)}: exit {self.code}\n{self.out}\n{self.err}"
        return self

    def json(self) -> Any:
        """What the command wrote, read as one JSON document."""
        return json.loads(self.ok().out)


@dataclass(frozen=True, slots=True)
class Lamina:
    """Runs `lamina --root ROOT …` on one store."""

    root: Path

    def __call__(
        self, *args: str, stdin: str = "", timeout: float = 60, env: dict[str, str] | None = None
    ) -> Finished:
        """Run a command to its end.

        :param stdin: what it reads from standard input.
        :param timeout: seconds after which the command is killed and the test fails.
        :param env: variables over and above those of this process.
        """
        done = subprocess.run(
            self.words(*args),
            input=stdin.encode(),
            capture_output=True,
            timeout=timeout,
            env=self._environment(env),
            cwd=REPOSITORY,
            check=False,
        )
        return Finished(
            args,
            done.returncode,
            done.stdout.decode("utf-8", "replace"),
            done.stderr.decode("utf-8", "replace"),
        )

    def start(self, *args: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a command and hand over its process, all three streams piped; use it as a context manager."""
        return subprocess.Popen(
            # A test run in the background of a shell has interrupts ignored, and would hand that on.
            ["env", "--default-signal=INT", *self.words(*args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(env),
            cwd=REPOSITORY,
        )

    def words(self, *args: str) -> list[str]:
        """The whole command, for a test that starts it in its own way (on a terminal, under strace)."""
        return [sys.executable, "-m", "engine.cli", "--root", str(self.root), *args]

    @staticmethod
    def _environment(more: dict[str, str] | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAMINA_")}
        return kept | (more or {})
