"""Verbs about the machine and the program: info, version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from engine import __version__
from engine.cli.output import print_facts, print_json
from engine.cli.session import Session, pass_session
from engine.cli.shape import Shape, facts_option, print_rows
from engine.cli.words import size

if TYPE_CHECKING:
    from engine.models import HostInfo


@click.command()
@facts_option
@pass_session
def info(session: Session, shape: Shape) -> None:
    """Show the host, the store, and what keeping every layer once saves."""
    found = session.rooms.info()
    if shape.as_json:
        print_json(found)
        return
    if shape.is_own:
        print_rows(shape, [_dockers(found)])
        return
    totals = found.totals
    print_facts(
        [
            ("Containers", str(totals.containers)),
            ("  Running", str(totals.running)),
            ("Images", str(totals.images)),
            ("Layers", f"{totals.layers}, {size(totals.unpacked)} unpacked"),
            ("  Sharing saves", size(totals.saved)),
            ("Lamina version", found.version),
            ("Store", str(found.root)),
            ("  Filesystem", found.filesystem),
            ("Run directory", str(found.run)),
            ("Mode", found.mode),
            *_rootless(found),
            ("Overlay", "yes" if found.overlay else "no"),
            ("Cgroup version", found.cgroup),
            ("  Limits", ", ".join(found.limits) or "none"),
            ("Seccomp", found.seccomp),
            ("Kernel version", found.kernel),
            ("Operating system", found.system),
            ("Architecture", found.architecture),
            ("CPUs", str(found.cpus)),
            ("Total memory", size(found.memory)),
            ("Name", found.name),
        ]
    )


def _dockers(found: HostInfo) -> dict[str, object]:
    """By the names of docker info."""
    totals = found.totals
    return {
        "Containers": totals.containers,
        "ContainersRunning": totals.running,
        "Images": totals.images,
        "ServerVersion": found.version,
        "DockerRootDir": str(found.root),
        "Driver": "overlay" if found.overlay else "copies",
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": str(found.cgroup),
        "KernelVersion": found.kernel,
        "OperatingSystem": found.system,
        "OSType": "linux",
        "Architecture": found.architecture,
        "NCPU": found.cpus,
        "MemTotal": found.memory,
        "Name": found.name,
        "SecurityOptions": [f"seccomp={found.seccomp}", *(["rootless"] if found.rootless else [])],
    }


def _rootless(found: HostInfo) -> list[tuple[str, str]]:
    if found.rootless is None:
        return []
    ids = found.rootless.ids
    rows = [("  Ids", f"{ids}, subordinate ones among them" if ids > 1 else "a single one: the user's own")]
    if found.rootless.network:
        rows.append(("  Network", f"led outside by {found.rootless.network}"))
    for missing in found.rootless.missing:
        remedy = f"; to add: {missing.command}" if missing.command else ""
        rows.append((f"  No {missing.what}", f"{missing.cost}{remedy}"))
    return rows


@click.command()
@facts_option
def version(shape: Shape) -> None:
    """Show the versions at work."""
    import platform

    versions = {
        "version": __version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "platform": f"linux/{platform.machine()}",
    }
    if shape.as_json:
        print_json(versions)
    elif shape.is_own:
        print_rows(shape, [_parts(versions)])
    else:
        print_facts([(name.capitalize(), text) for name, text in versions.items()])


def _parts(versions: Mapping[str, str]) -> dict[str, object]:
    """By the names of docker version, where Client and Server are two; here both are this program."""
    system, _, architecture = versions["platform"].partition("/")
    program = {
        "Version": versions["version"],
        "KernelVersion": versions["kernel"],
        "Os": system,
        "Arch": architecture,
    }
    return {"Client": program, "Server": program}
