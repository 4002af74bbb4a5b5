"""What a machine tells of itself, line by line; see `guest`. It may tell anything, so nothing is believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import Unavailable
from engine.printable import printable

_MOST = 10_000  # processes
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Inside:
    """A process as the machine's own kernel counts it. :param name: as the kernel has it, safe to print.

    :param of_kernel: it is a thread of the kernel itself.
    """

    pid: int
    name: str
    of_kernel: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A machine seen from inside.

    :param kernel: its version. :param boot: what this kernel called its start, other for each.
    :param uptime: seconds since then. :param memory: bytes that it has; :param used: that are in use.
    """

    kernel: str
    boot: str
    uptime: float
    memory: int
    used: int
    processes: tuple[Inside, ...]


def parse_report(lines: Iterable[str]) -> Report:
    """A report of its lines, each without its mark. :raises Unavailable: it is none."""
    values: dict[str, str] = {}
    memory: dict[str, int] = {}
    processes: list[Inside] = []
    try:
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "memory":
                name, value = rest.split()
                memory[name] = int(value) * _KIB
            elif word == "process" and len(processes) < _MOST:
                pid, kind, name = rest.split(" ", 2)
                processes.append(Inside(int(pid), printable(name), kind == "kernel"))
            else:
                values[word] = printable(rest)
        whole = memory["MemTotal:"]
        return Report(
            values["kernel"], values["boot"], float(values["uptime"]), whole,
            whole - memory["MemAvailable:"], tuple(processes),
        )  # fmt: skip
    except (ValueError, KeyError) as error:
        raise Unavailable(f"the machine's report cannot be read: {error}") from error
