"""The volumes of one store: made, found, removed. Calls block.

A volume is its row and its directory. It is made directory first and removed directory first, each by one
rename, so that a crash leaves a whole volume or a directory that no row names. A directory with data but
no row (the database was lost) is nobody's to delete: whoever names it next has it again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from engine.errors import Conflict, NotFound, Unavailable
from engine.events import Event
from engine.images.leftovers import tree_size
from engine.layers.removal import GONE, remove_tree
from engine.store.atomic import TEMPORARY, sync_directory
from engine.store.database import Database
from engine.store.journal import Journal
from engine.store.layout import Layout
from engine.store.locks import lock
from engine.volumes import fill, rows
from engine.volumes.models import PrunedVolumes, Volume
from engine.volumes.names import check_name, new_name

_PATIENCE = 30.0  # seconds for a removal
_FILL_PATIENCE = 600.0  # seconds that a start waits for another one that fills the same volume


class VolumeStore:
    """The volumes of one store."""

    def __init__(self, layout: Layout, database: Database, journal: Journal) -> None:
        self._layout = layout
        self._database = database
        self._journal = journal

    def directory(self, name: str) -> Path:
        """Where a volume lies; its data is in `_data` below."""
        return self._layout.volumes / name

    def data(self, name: str) -> Path:
        """The directory that containers see."""
        return self._layout.volume_data(name)

    # looking

    def list(self, sizes: bool = False) -> list[Volume]:
        """All volumes, by name. :param sizes: measure them, which reads every directory."""
        with self._database.read() as db:
            found, users = rows.every(db), rows.users(db)
        return [
            self._volume(row, users.get(row.name, ()), sizes)
            for row in found
            if row.name in users or self.data(row.name).is_dir()
        ]

    def get(self, name: str, size: bool = False) -> Volume:
        """One volume. :raises NotFound: there is none of that name."""
        with self._database.read() as db:
            row, users = rows.find(db, name), rows.users_of(db, name)
        if row is None or not (users or self.data(name).is_dir()):
            raise NotFound(f"no such volume: {name}", hint="lamina volume ls shows all there are")
        return self._volume(row, users, size)

    # making

    def create(self, name: str = "", labels: Mapping[str, str] | None = None) -> Volume:
        """Make a volume; one of the name is given as it is.

        :param name: a made-up one where it is empty; such a volume is anonymous.
        :raises InvalidArgument: the name cannot be one.
        """
        chosen = check_name(name) if name else new_name()
        with self.locked(chosen):
            self.ensure(chosen, not name, labels or {})
        return self.get(chosen)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold what makes, fills or removes a volume. :raises Conflict: somebody else does, for long."""
        with lock(self._layout, _lock_name(name), timeout=_FILL_PATIENCE):
            yield

    def ensure(self, name: str, anonymous: bool = False, labels: Mapping[str, str] | None = None) -> bool:
        """Make a volume where it is missing; whether it was. The caller holds its lock."""
        path = self.directory(name)
        with self._database.read() as db:
            row = rows.find(db, name)
        if row is not None and path.is_dir():
            return False
        try:
            if not path.is_dir():
                self._make_directory(path)
        except OSError as error:
            raise Unavailable(
                f"the volume {name} cannot be made: {error.strerror}", hint=f"check the disk of {path.parent}"
            ) from error
        with self._database.write() as db:
            if row is not None and not rows.users_of(db, name):
                rows.forget(db, name)
            rows.add(db, rows.Row(name, time.time(), labels or {}, anonymous))
        self._tell("create", name)
        return True

    def settle(self, name: str) -> None:
        """Finish a filling that was interrupted, so that nobody sees half of it.

        :raises NotFound: the volume's directory is gone.
        """
        path = self.directory(name)
        if not (path / fill.DATA).is_dir():
            raise NotFound(
                f"the directory of the volume {name} is gone: {path / fill.DATA}",
                hint=f"make it anew, empty: lamina volume create {name}",
            )
        if fill.is_unsettled(path):
            with self.locked(name):
                fill.settle(path)

    def settle_held(self, name: str) -> None:
        """`settle` for those who hold the volume's lock."""
        fill.settle(self.directory(name))

    # removing

    def remove(self, name: str) -> None:
        """Remove a volume with all that is in it.

        :raises NotFound: there is none. :raises Conflict: a container has it.
        """
        self.get(name)
        with lock(self._layout, _lock_name(name), timeout=_PATIENCE):
            self._remove(name)

    def drop_unused(self, name: str) -> bool:
        """Remove a volume that no container has and nobody works on; whether it was."""
        try:
            with lock(self._layout, _lock_name(name), timeout=0):
                self._remove(name)
        except (Conflict, NotFound):
            return False
        return True

    def preview_prune(
        self,
        all_unused: bool = False,
        labels: Mapping[str, str] | None = None,
        gone: frozenset[str] = frozenset(),
    ) -> PrunedVolumes:
        """What `prune` would do.

        :param gone: names of containers that are taken for removed.
        """
        chosen = [
            volume
            for volume in self.list(sizes=True)
            if set(volume.used_by) <= gone and (all_unused or volume.anonymous) and _has(volume, labels or {})
        ]
        return PrunedVolumes(
            tuple(volume.name for volume in chosen), sum(volume.size or 0 for volume in chosen)
        )

    def prune(self, all_unused: bool = False, labels: Mapping[str, str] | None = None) -> PrunedVolumes:
        """Remove volumes that no container has, and what a crash left of others.

        :param all_unused: also those that were given a name. :param labels: only those that have them;
            "" is any value.
        """
        chosen = self.preview_prune(all_unused, labels)
        sizes = {name: self.get(name, True).size or 0 for name in chosen.names}
        dropped = [name for name in chosen.names if self.drop_unused(name)]
        self.sweep()
        return PrunedVolumes(tuple(dropped), sum(sizes[name] for name in dropped))

    def sweep(self) -> None:
        """Delete what killed makings and removals left; safe at any time."""
        for entry in os.scandir(self._layout.volumes):
            key, _, _ = entry.name.removeprefix(TEMPORARY).partition(GONE)
            if entry.name.startswith(TEMPORARY):
                try:
                    with lock(self._layout, f"volume-{key}", timeout=0):
                        remove_tree(Path(entry.path))
                except Conflict:
                    continue

    def _remove(self, name: str) -> None:
        path = self.directory(name)
        gone = path.with_name(f"{TEMPORARY}{_key(name)}{GONE}{os.urandom(4).hex()}")
        with self._database.write() as db:
            if rows.find(db, name) is None:
                raise NotFound(f"no such volume: {name}", hint="lamina volume ls shows all there are")
            users = rows.users_of(db, name)
            if users:
                raise Conflict(
                    f"the volume {name} is in use by {', '.join(users)}",
                    hint=f"remove the container first: lamina rm {users[0]}",
                )
            rows.forget(db, name)
            # Out of sight, and durably so, before the row is: else a crash could bring its data back.
            try:
                path.rename(gone)
                sync_directory(path.parent)
            except FileNotFoundError:
                pass
        remove_tree(gone)
        self._tell("destroy", name)

    def _make_directory(self, path: Path) -> None:
        draft = path.with_name(f"{TEMPORARY}{_key(path.name)}")
        remove_tree(draft)
        data = draft / fill.DATA
        for directory, mode in ((draft, 0o700), (data, 0o755)):
            directory.mkdir()
            directory.chmod(mode)  # whatever the umask
        sync_directory(draft)
        draft.rename(path)
        sync_directory(path.parent)

    def _volume(self, row: rows.Row, users: tuple[str, ...], size: bool) -> Volume:
        data = self.data(row.name)
        measured = tree_size(data) if size else None
        return Volume(row.name, row.created, row.labels, row.anonymous, str(data), users, measured)

    def _tell(self, action: str, name: str) -> None:
        self._journal.append(Event(time.time(), "volume", action, name, {"driver": "local"}))


def _has(volume: Volume, labels: Mapping[str, str]) -> bool:
    return all(name in volume.labels and value in ("", volume.labels[name]) for name, value in labels.items())


def _lock_name(name: str) -> str:
    return f"volume-{_key(name)}"


def _key(name: str) -> str:
    # A volume's name may be longer than a lock's.
    return sha256(name.encode()).hexdigest()[:32]
