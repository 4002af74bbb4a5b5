"""Where everything of a store lies; names only, nothing is opened here.

<root>/blobs/sha256/<hex>     as they travelled, verified, read-only
<root>/ingest/<hex>           downloads under way
<root>/layers/<hex>/          one unpacked layer: fs and table
<root>/seams/<hex>/fs         what unpacking a layer alone could not know
<root>/containers/<id>/       one container
<root>/volumes/<name>/_data   one named volume
<root>/tables/<hex>           file tables of layers that are not here, see `engine.layers.listed`
<root>/filters/<name>         seccomp programs that were made before
<root>/reserve/               a little disk space that is set aside
<root>/lamina.db              the database
<root>/events.jsonl           the journal
<root>/locks/<name>           lock files; their content means nothing
<run>/                        sockets and what else dies with the machine
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from engine.errors import LaminaError, PermissionDenied, Unavailable
from engine.settings import Settings

# Layers hold other people's set-uid programs: nobody but the store's owner may walk in.
_MODE = 0o700


class Layout(NamedTuple):
    """The paths of one store.

    :param root: the store's directory.
    :param run: directory for what dies with the machine.
    """

    root: Path
    run: Path

    @classmethod
    def of(cls, settings: Settings) -> Layout:
        """The layout that settings ask for."""
        return cls(settings.root, settings.run)

    @property
    def blobs(self) -> Path:
        """Directory of blobs named by their SHA-256."""
        return self.root / "blobs" / "sha256"

    @property
    def ingest(self) -> Path:
        """Directory of downloads under way."""
        return self.root / "ingest"

    @property
    def layers(self) -> Path:
        """Directory of unpacked layers, one directory each, named by the diff ID's digits."""
        return self.root / "layers"

    @property
    def seams(self) -> Path:
        """Directory of seams, named by the chain ID's digits."""
        return self.root / "seams"

    @property
    def containers(self) -> Path:
        """Directory of containers, one directory each, named by id."""
        return self.root / "containers"

    @property
    def volumes(self) -> Path:
        """Directory of named volumes."""
        return self.root / "volumes"

    def volume_data(self, name: str) -> Path:
        """What containers see of a volume."""
        return self.volumes / name / "_data"

    @property
    def filters(self) -> Path:
        """Directory of seccomp programs; made when the first is kept."""
        return self.root / "filters"

    @property
    def tables(self) -> Path:
        """Directory of file tables of layers that are not here; made when the first is kept."""
        return self.root / "tables"

    @property
    def locks(self) -> Path:
        """Directory of lock files."""
        return self.root / "locks"

    @property
    def reserve(self) -> Path:
        """Directory of the disk space that is set aside; see `engine.store.reserve`."""
        return self.root / "reserve"

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.root / "lamina.db"

    @property
    def journal(self) -> Path:
        """The file that events are appended to."""
        return self.root / "events.jsonl"

    def container(self, container_id: str) -> Path:
        """What a container keeps."""
        return self.containers / container_id

    def container_run(self, container_id: str) -> Path:
        """A container's sockets and other things that die with the machine."""
        return self.run / "containers" / container_id

    def create(self) -> None:
        """Make the directories that are missing; a few microseconds when none is.

        :raises PermissionDenied: this user may not write there.
        :raises Unavailable: something else stands in the way (a file, a full or read-only disk).
        """
        wanted = (
            self.root, self.root / "blobs", self.blobs, self.ingest, self.layers, self.seams,
            self.containers, self.volumes, self.locks, self.run,
        )  # fmt: skip
        for directory in wanted:
            try:
                if not directory.is_dir():
                    _make(directory)
                    if directory in (self.layers, self.containers):
                        _spread(directory)
            except OSError as error:
                raise _cannot_make(directory, error) from error


def _make(directory: Path) -> None:
    os.makedirs(directory.parent, exist_ok=True)
    directory.mkdir(mode=_MODE, exist_ok=True)


def _spread(directory: Path) -> None:
    from engine.linux.inode_flags import spread_children  # once in the life of a store

    spread_children(directory)


def _cannot_make(directory: Path, error: OSError) -> LaminaError:
    message = f"cannot make the store's directory {directory}: {error.strerror}"
    hint = "choose another place with --root or LAMINA_ROOT"
    if isinstance(error, PermissionError):
        return PermissionDenied(message, hint=hint)
    return Unavailable(message, hint=hint)
