"""The verb stats."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from engine.cli import complete
from engine.cli.output import print_json, print_json_line, print_table
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, print_rows, stream_option
from engine.cli.words import size

if TYPE_CHECKING:
    from engine.runtime.usage import ContainerStats, Traffic

_FIRST = 0.5  # seconds between the two samples that a rate takes
_NONE = "--"
_HEADINGS = (
    "CONTAINER ID", "NAME", "CPU %", "HOST %", "THROTTLED", "MEM USAGE / LIMIT", "MEM %",
    "ANON / FILE / KERNEL", "NET I/O", "BLOCK I/O", "PIDS", "PRESSURE",
)  # fmt: skip

_FIELDS = {
    "ID": "CONTAINER ID", "Name": "NAME", "CPUPerc": "CPU %", "MemUsage": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %", "NetIO": "NET I/O", "BlockIO": "BLOCK I/O", "PIDs": "PIDS",
}  # fmt: skip


@click.command()
@click.argument("names", metavar="[CONTAINER...]", nargs=-1, shell_complete=complete.running)
@click.option("-a", "--all", "stopped_too", is_flag=True, help="Also those that do not run.")
@click.option("--no-stream", is_flag=True, help="One sample, then end.")
@click.option("--no-trunc", is_flag=True, help="Whole ids.")
@click.option(
    "--interval", metavar="SECONDS", type=click.FloatRange(min=0.1, max=3600), default=1.0, show_default=True,
    help="From sample to sample.",
)  # fmt: skip
@stream_option
@pass_session
def stats(
    session: Session,
    names: tuple[str, ...],
    stopped_too: bool,
    no_stream: bool,
    no_trunc: bool,
    interval: float,
    shape: Shape,
) -> None:
    """Show what containers use: processors, memory, network, disks.

    CPU % is of one processor, HOST % of all. THROTTLED says how often a limit stopped it. MEM USAGE leaves
    out cached files that were not read lately. PRESSURE is how much of the last ten seconds something waited,
    for processor / memory / disk.
    """
    from engine.containers.sampling import Sampler

    sampler = Sampler(session.rooms.kept, names, stopped_too)
    sampler.sample()
    time.sleep(min(_FIRST, interval))
    while True:
        _show(sampler.sample(), no_trunc, shape, stream=not no_stream)
        if no_stream:
            return
        time.sleep(interval)


def _show(samples: list[ContainerStats], no_trunc: bool, shape: Shape, stream: bool) -> None:
    if shape.as_json:
        found = [_fields(sample) for sample in samples]
        if not stream:
            print_json(found)
        for fields in found if stream else ():
            print_json_line(fields)
        sys.stdout.flush()
        return
    if stream and sys.stdout.isatty():
        click.echo("\x1b[H\x1b[J", nl=False)
    if shape.is_own:
        print_rows(shape, [_dockers(sample, no_trunc) for sample in samples], _FIELDS)
        return
    print_table(_HEADINGS, [_row(sample, no_trunc) for sample in samples])


def _fields(sample: ContainerStats) -> dict[str, object]:
    return {
        **sample._asdict(),
        "cpu": sample.cpu._asdict(),
        "memory": {**sample.memory._asdict(), "percent": sample.memory.percent},
        "network": sample.network and {"received": sample.network.inward, "sent": sample.network.outward},
        "disk": {"read": sample.disk.inward, "written": sample.disk.outward},
        "pressure": sample.pressure and sample.pressure._asdict(),
    }


def _dockers(sample: ContainerStats, no_trunc: bool) -> dict[str, str]:
    """By the names of docker stats."""
    row = dict(zip(_HEADINGS, _row(sample, no_trunc), strict=True))
    return {field: row[heading] for field, heading in _FIELDS.items()} | {"Container": sample.name}


def _row(sample: ContainerStats, no_trunc: bool) -> tuple[str, ...]:
    name = (sample.id if no_trunc else sample.id[:12], sample.name)
    if not sample.running:
        return (*name, *[_NONE] * (len(_HEADINGS) - len(name)))
    cpu, memory, pressure = sample.cpu, sample.memory, sample.pressure
    return (
        *name,
        _percent(cpu.of_core),
        _percent(cpu.of_host),
        _percent(cpu.throttled),
        f"{size(memory.used)} / {size(memory.limit)}",
        _percent(memory.percent),
        f"{size(memory.anonymous)} / {size(memory.file)} / {size(memory.kernel)}",
        _traffic(sample.network),
        _traffic(sample.disk),
        str(sample.processes),
        f"{pressure.cpu:.0f} / {pressure.memory:.0f} / {pressure.io:.0f}" if pressure else _NONE,
    )


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}%"


def _traffic(found: Traffic | None) -> str:
    return f"{size(found.inward)} / {size(found.outward)}" if found else _NONE
