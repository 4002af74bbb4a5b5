"""All files of a container as one tar archive, as Docker's `export` writes it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.containers.reading import TreeReader
from engine.errors import InvalidArgument, Unavailable
from engine.layers.writer import TarWriter
from engine.store.atomic import sync_directory, temporary_file, write_all


def export_tree(root: int, output: int) -> int:
    """Write all that is below a root, its own stack alone; the bytes written."""
    writer = TarWriter(lambda data: write_all(output, data))
    top = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    try:
        for item in TreeReader().tree(top, b".", b"."):
            member = item.member
            if member.name == b".":
                continue
            member.name, member.link = member.name.removeprefix(b"./"), _target(member.link, member.kind)
            writer.add(member, item.content())
        writer.end()
    finally:
        os.close(top)
    return writer.size


def _target(link: bytes, kind: int) -> bytes:
    from engine.layers.member import Kind

    return link.removeprefix(b"./") if kind is Kind.HARDLINK else link


@contextmanager
def output_file(target: Path) -> Iterator[int]:
    """A file to write to, which appears whole, or not at all; a device or a fifo is written as it is.

    :raises InvalidArgument: it is a directory, or its own is not there.
    """
    try:
        mode = target.stat().st_mode
    except OSError:
        mode = stat.S_IFREG
    try:
        if stat.S_ISREG(mode):
            with temporary_file(target.absolute().parent, 0o600) as (descriptor, path):
                yield descriptor
                os.fsync(descriptor)
                os.replace(path, target)
            sync_directory(target.absolute().parent)
            return
        descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InvalidArgument(f"{target} cannot be written: {error.strerror}") from error
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)
