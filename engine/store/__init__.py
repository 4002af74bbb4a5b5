"""What survives a crash: atomic files, locks, database, blob store, journal."""

from engine.store.layout import Layout

__all__ = ["Layout"]
