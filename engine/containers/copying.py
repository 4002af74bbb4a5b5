"""Copying between a container and the host, by Docker's rules about slashes and what is there already.

Both sides are resolved by descriptor inside their root, so links that a container swaps meanwhile lead
nowhere but into itself. Source of the rules: docs.docker.com, reference/cli/docker/container/cp.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from engine.containers.places import Place, located, own_name, refused, wants_content, wants_directory
from engine.containers.reading import Item, TreeReader
from engine.containers.writing import Copied, Manner, TreeWriter, write_sparse
from engine.errors import Conflict, InvalidArgument, LaminaError, NotFound, Unavailable
from engine.layers.archive import ArchiveReader
from engine.layers.blocks import BlockStream
from engine.layers.compression import Source
from engine.layers.content import write_content
from engine.layers.writer import TarWriter
from engine.oci.quote import quoted
from engine.store.atomic import write_all

# Where the kernel shows itself in a container; nothing there is a file to copy.
_OF_THE_KERNEL = ("proc", "sys", "dev/pts", "dev/mqueue", "sys/fs/cgroup")


def copy_tree(
    source_root: int, source: str, target_root: int, target: str, *, manner: Manner, follow: bool
) -> Copied:
    """Copy what a path leads to, with all below it, to a path of another root.

    :param follow: copy what a link leads to instead of the link.
    :raises NotFound: the source, or the target's directory, is not there.
    :raises Conflict: something of another kind is in the way.
    """
    with ExitStack() as held, _in_words(target):
        start = held.enter_context(_source(source_root, source, follow))
        directory, name = _target(held, target_root, target, start, source)
        reader = TreeReader(_kernels(source_root) | _kernels(target_root))
        writer = TreeWriter(directory, "", follow=False, manner=manner)
        # A directory's content goes into what is there, under no name of its own.
        for item in reader.tree(start.directory, start.name, name or b"."):
            _write(writer, item)
            if not reader.skipped:
                # Its own copy is not copied again, where the target lies in the source.
                made = os.stat(name or b".", dir_fd=directory, follow_symlinks=False)
                reader.skipped = {(made.st_dev, made.st_ino)}
        writer.finish()
    writer.copied.left_out += reader.sockets
    return writer.copied


def copy_to_archive(root: int, path: str, output: int, *, follow: bool) -> Copied:
    """Write what a path leads to, with all below it, as a tar archive to a descriptor."""
    copied = Copied()
    writer = TarWriter(lambda data: write_all(output, data))
    with _source(root, path, follow) as start, _in_words(path):
        reader = TreeReader(_kernels(root))
        name = b"." if wants_content(path) else os.fsencode(own_name(path)) or b"."
        for item in reader.tree(start.directory, start.name, name):
            writer.add(item.member, item.content())
            copied.files += 1
            copied.size += item.member.size
        writer.end()
    copied.left_out = reader.sockets
    return copied


def copy_from_archive(source: Source, root: int, path: str) -> Copied:
    """Unpack a tar archive, packed or not, into a directory that is there.

    Owners stay as the archive has them; links in the directory are followed, inside the root.

    :raises NotFound: the directory is not there. :raises Malformed: it is no archive, or would leave it.
    """
    with located(root, path, follow=True) as place, _in_words(path):
        if place.status is None:
            raise NotFound(f"{quoted(path)} is not there", hint="an archive wants a directory that is there")
        if not place.is_directory:
            raise Conflict(f"{quoted(path)} is no directory", hint="an archive wants one to go into")
        _refuse_kernel(place, _kernels(root), path)
        writer = TreeWriter(root, path, follow=True, manner=Manner())
        with BlockStream(source) as stream:
            archive = ArchiveReader(stream)
            for member in archive:
                writer.add(member, lambda file: write_content(file, archive, member))  # noqa: B023  called at once
            stream.finish()
        writer.finish()
    return writer.copied


def _write(writer: TreeWriter, item: Item) -> None:
    writer.add(item.member, lambda file: write_sparse(file, item.content()))


@contextmanager
def _source(root: int, path: str, follow: bool) -> Iterator[Place]:
    with located(root, path, follow=follow) as place:
        if place.status is None:
            raise NotFound(f"{quoted(path)} is not there", hint="check the path, and which side it is on")
        if wants_directory(path) and not place.is_directory:
            raise NotFound(f"{quoted(path)} is no directory", hint="leave out the slash at its end")
        if stat.S_IFMT(place.status.st_mode) in (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK):
            raise InvalidArgument(f"{quoted(path)} is a device or a socket, which cannot be copied")
        _refuse_kernel(place, _kernels(root), path)
        yield place


def _target(held: ExitStack, root: int, path: str, start: Place, source: str) -> tuple[int, bytes]:
    """The directory to write into, and the name there; none for a directory's content."""
    place = held.enter_context(located(root, path, follow=True))
    if place.status is None:
        if wants_directory(path) and not start.is_directory:
            raise NotFound(f"the directory {quoted(path)} is not there", hint="make it first")
        _refuse_kernel(Place(place.directory, b".", os.fstat(place.directory)), _kernels(root), path)
        return place.directory, place.name
    _refuse_kernel(place, _kernels(root), path)
    if place.is_directory:
        try:
            directory = os.open(
                place.name,
                os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC,
                dir_fd=place.directory,
            )
        except OSError as error:
            raise refused(path, error) from error
        held.callback(os.close, directory)
        named = not (start.is_directory and (wants_content(source) or not own_name(source)))
        return directory, os.fsencode(own_name(source)) if named else b""
    if start.is_directory:
        raise Conflict(f"cannot copy a directory to the file {quoted(path)}", hint="name a directory")
    if wants_directory(path):
        raise NotFound(f"{quoted(path)} is no directory", hint="leave out the slash at its end")
    if not stat.S_ISREG(place.status.st_mode):
        raise InvalidArgument(f"{quoted(path)} is no regular file", hint="name a file or a directory")
    return place.directory, place.name


def _kernels(root: int) -> frozenset[int]:
    """File systems of a root that show the kernel and hold no files."""
    own = os.stat(".", dir_fd=root).st_dev
    found = set()
    for path in _OF_THE_KERNEL:
        try:
            found.add(os.stat(path, dir_fd=root, follow_symlinks=False).st_dev)
        except OSError:
            continue
    return frozenset(found - {own})


def _refuse_kernel(place: Place, kernels: frozenset[int], path: str) -> None:
    if place.status is not None and place.status.st_dev in kernels:
        raise InvalidArgument(
            f"{quoted(path)} is no file but the kernel's own view", hint="nothing is copied from or to it"
        )


@contextmanager
def _in_words(path: str) -> Iterator[None]:
    try:
        yield
    except LaminaError:
        raise
    except OSError as error:
        name = error.filename if error.filename is not None else path
        place = quoted(os.fsdecode(name) if isinstance(name, bytes | str) else path)
        raise Unavailable(f"cannot copy: {place}: {os.strerror(error.errno or 0)}") from error
