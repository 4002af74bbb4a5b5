"""Bridges of stores that are gone, and what the rules know of them: somebody deleted the directory alone.

Only a bridge that nothing is plugged into is ever taken: should its store live after all, on a disk that is
not mounted just now, its next start brings the bridge back.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from engine.linux.rtnetlink import Link, Routing
from engine.network import rules
from engine.network.bridges import is_ours, owner_of


def remove_orphans(routing: Routing) -> list[str]:
    """Remove bridges whose store does not know them any more; their names. For who holds the host."""
    links = routing.links()
    plugged = {link.master for link in links}
    found = [link for link in links if link.number not in plugged and is_ours(link) and _is_orphan(link)]
    for link in found:
        routing.delete(link.name)
    gone = {link.name for link in found}
    rules.TABLE.remove(rules.stale_elements({link.name for link in links} - gone))
    return sorted(gone)


def _is_orphan(link: Link) -> bool:
    network_id, root = owner_of(link)
    if not root:
        return False  # nobody noted whose it is
    database = Path(root) / "lamina.db"
    try:
        database.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    try:
        # Its own file as a URI's path may hold any character; nothing is written.
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("SELECT 1 FROM networks WHERE id = ?", (network_id,)).fetchone() is None
    except sqlite3.Error:
        return False  # of another version, or damaged: not for us to judge
