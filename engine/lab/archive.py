"""A layer's archive written so that the same content always gives the same bytes.

Entries stand in the order of their paths; owner, times and the gzip header say nothing about the
moment or the machine of writing. Source: OCI image-spec 1.1, layer.md.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.oci import Digest

# Bytes must not depend on when the host installed its files, or two hosts of one make would differ.
WRITTEN = 1_704_067_200  # 2024-01-01T00:00:00Z
_GZIP_LEVEL = 2  # of isal: larger by a tenth than zlib's, and ten times as fast


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory, owned by root."""

    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class File:
    """A regular file, owned by root; its content is read from `source` or stands here."""

    source: Path | bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link."""

    target: str


Node = Directory | File | Symlink
Tree = dict[PurePosixPath, Node]
"""What a layer holds, by path relative to the root."""


@dataclass(frozen=True, slots=True)
class LayerArchive:
    """A layer as it travels.

    :param data: the gzip-compressed archive; :param diff_id: of the archive before compression.
    """

    data: bytes
    diff_id: Digest


def with_parents(tree: Mapping[PurePosixPath, Node]) -> Tree:
    """The tree with the directories that its paths lie in, mode 755 where it does not say."""
    whole: Tree = dict(tree)
    for path in tree:
        for parent in path.parents:
            if parent.name:
                whole.setdefault(parent, Directory())
    return whole


def write_layer(tree: Mapping[PurePosixPath, Node], written: int = WRITTEN) -> LayerArchive:
    """The archive of a tree; a file's content passes through memory.

    :param written: the time that its files bear, in seconds since 1970.
    :raises OSError: a file of the host cannot be read.
    """
    from isal import igzip

    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, node in sorted(with_parents(tree).items()):
            _add(archive, path, node, written)
    view = plain.getbuffer()
    diff_id = Digest.from_hex(hashlib.sha256(view).hexdigest())
    return LayerArchive(igzip.compress(view, _GZIP_LEVEL, mtime=0), diff_id)


def read_layer(data: bytes) -> Tree:
    """The tree of an archive that `write_layer` wrote."""
    from isal import isal_zlib

    tree: Tree = {}
    plain = isal_zlib.decompress(data, 31)  # 31: with gzip's header
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        for header in archive:
            path = PurePosixPath(header.name)
            if header.isdir():
                tree[path] = Directory(header.mode)
            elif header.issym():
                tree[path] = Symlink(header.linkname)
            elif (content := archive.extractfile(header)) is not None:
                tree[path] = File(content.read(), header.mode)
    return tree


def _add(archive: tarfile.TarFile, path: PurePosixPath, node: Node, written: int) -> None:
    header = tarfile.TarInfo(str(path))
    header.mtime = written
    match node:
        case Directory(mode):
            header.type, header.mode = tarfile.DIRTYPE, mode
            archive.addfile(header)
        case Symlink(target):
            header.type, header.mode, header.linkname = tarfile.SYMTYPE, 0o777, target
            archive.addfile(header)
        case File(source, mode):
            content = source if isinstance(source, bytes) else source.read_bytes()
            header.mode, header.size = mode, len(content)
            archive.addfile(header, io.BytesIO(content))
