"""What survives a crash: atomic files, locks, database, blob store, journal, and the sweep after it."""

from engine.store.atomic import sync_directory, write_atomic
from engine.store.blobs import BlobStore, Ingest
from engine.store.database import Database
from engine.store.journal import Journal, Place
from engine.store.layout import Layout
from engine.store.leases import leased, leased_digests
from engine.store.locks import lock
from engine.store.sweep import Swept, sweep

__all__ = [
    "BlobStore",
    "Database",
    "Ingest",
    "Journal",
    "Layout",
    "Place",
    "Swept",
    "leased",
    "leased_digests",
    "lock",
    "sweep",
    "sync_directory",
    "write_atomic",
]
