"""One command measured: seconds, processor time, and the memory of its whole process tree."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 600.0  # seconds; a command that takes longer is hanging
BETWEEN_LOOKS = 0.002  # seconds between two looks at a process tree; a quick command lives for ten
PAGE = resource.getpagesize()


class CommandFailed(Exception):
    """A command that is to be measured did not succeed."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one command took.

    :param seconds: by the clock.
    :param cpu: seconds of processor time of the command and of all children it waited for.
    """

    seconds: float
    cpu: float


def time_command(words: Sequence[str], environment: Mapping[str, str]) -> Timing:
    """Run a command to its end, undisturbed.

    :raises CommandFailed: it ended with another code than 0, or hung.
    """
    with _started(words, environment) as (process, errors):
        begin = time.monotonic()
        usage = _wait(process)
        seconds = time.monotonic() - begin
        _check(process, words, errors)
    return Timing(seconds=seconds, cpu=usage.ru_utime + usage.ru_stime)


def peak_memory(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command and look at its process tree all the time.

    :return: the most bytes that the processes of the tree held at one moment, pages they share counted once
        a process. Not for timing: the looking takes a part of the machine.
    :raises CommandFailed: it ended with another code than 0.
    """
    peak = 0
    with _started(words, environment) as (process, errors):
        deadline = time.monotonic() + TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            peak = max(peak, sum(_resident(pid) for pid in _tree(process.pid)))
            time.sleep(BETWEEN_LOOKS)
        _check(process, words, errors)
    return peak


def command_environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment as people have it, and what an engine needs.

    Settings of the interpreter stay out of it: one that forbids byte code would have every module compiled
    each time, which nobody who installed Lamina meets.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, **more}


@contextlib.contextmanager
def _started(
    words: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    # Errors go to a file: a pipe that nobody reads while we measure could fill up and stall the command.
    with tempfile.NamedTemporaryFile(prefix="bench-", dir="/var/tmp") as errors:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=command_environment(environment),
        )
        try:
            yield process, Path(errors.name)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes]) -> resource.struct_rusage:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def _check(process: subprocess.Popen[bytes], words: Sequence[str], errors: Path) -> None:
    if process.poll() is None:
        raise CommandFailed(f"{' '.join(words)}: no end after {TIMEOUT:.0f} s")
    if process.returncode != 0:
        said = errors.read_text("utf-8", "replace").strip()[-1000:]
        raise CommandFailed(f"{' '.join(words)}: exit {process.returncode}\n{said}")


def _tree(pid: int) -> list[int]:
    """A process and all that descend from it (proc_tid_children(5))."""
    found = [pid]
    with contextlib.suppress(OSError):  # it ended while we looked
        for thread in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
            for child in children:
                found.extend(_tree(int(child)))
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):  # it ended while we looked
        return 0
