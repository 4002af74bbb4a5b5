"""A file that is not there until it is whole: a temporary name, fsync, rename, fsync of the directory."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self


class Draft:
    """A file under a temporary name in `directory`; removed unless it is published."""

    def __init__(self, directory: Path) -> None:
        descriptor, self._path = tempfile.mkstemp(prefix=".", dir=directory)
        self.file = os.fdopen(descriptor, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._path)

    def publish(self, path: Path, mode: int = 0o644) -> None:
        """Give the file its name."""
        self.file.flush()
        os.fchmod(self.file.fileno(), mode)
        os.fsync(self.file.fileno())
        os.replace(self._path, path)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_draft(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` at `path`, whole or not at all; the directory is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Draft(path.parent) as draft:
        draft.file.write(data)
        draft.publish(path, mode)
