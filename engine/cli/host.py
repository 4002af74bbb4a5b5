"""Verbs about the machine and the program: info, version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine import __version__
from engine.cli.output import format_option, print_facts, print_json
from engine.cli.session import Session, pass_session
from engine.cli.words import size

if TYPE_CHECKING:
    from engine.models import HostInfo


@click.command()
@format_option
@pass_session
def info(session: Session, as_json: bool) -> None:
    """Show the host, the store, and what keeping every layer once saves."""
    found = session.rooms.info()
    if as_json:
        print_json(found)
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
@format_option
def version(as_json: bool) -> None:
    """Show the versions at work."""
    import platform

    versions = {
        "version": __version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "platform": f"linux/{platform.machine()}",
    }
    if as_json:
        print_json(versions)
    else:
        print_facts([(name.capitalize(), text) for name, text in versions.items()])
