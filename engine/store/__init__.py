"""What survives a crash: atomic files, locks, database, blob store, journal, and the sweep after it.

Names load when they are first used; `engine.store.sweep` bears its module's name, so it is had from there.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazily

if TYPE_CHECKING:
    from engine.store.atomic import sync_directory, write_atomic
    from engine.store.blobs import BlobStore, Ingest
    from engine.store.database import Database
    from engine.store.journal import Journal, Place
    from engine.store.layout import Layout
    from engine.store.leases import leased, leased_digests
    from engine.store.locks import lock
else:
    _HOMES = {
        "sync_directory": "atomic",
        "write_atomic": "atomic",
        "BlobStore": "blobs",
        "Ingest": "blobs",
        "Database": "database",
        "Journal": "journal",
        "Place": "journal",
        "Layout": "layout",
        "leased": "leases",
        "leased_digests": "leases",
        "lock": "locks",
    }

    __getattr__ = lazily(__name__, _HOMES)


__all__ = [
    "BlobStore",
    "Database",
    "Ingest",
    "Journal",
    "Layout",
    "Place",
    "leased",
    "leased_digests",
    "lock",
    "sync_directory",
    "write_atomic",
]
