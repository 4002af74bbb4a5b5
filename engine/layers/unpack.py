"""A layer's archive made into a directory in overlay form, by itself.

What lies below is not known here, so three things are left to the seam: attributes of parents that the
archive leaves out (`Flag.IMPLICIT`), hard links to files of lower layers (`Kind.HARDLINK`), and names
below a parent that is a symbolic link in a lower layer. Everything else a sequential unpack would do
is done here, in the archive's order: a later member replaces an earlier one of the same path. In one case
the result is another: where a path is a link below, and an archive names files under it first and the
path itself after them, they stay with the path instead of going where the link led. No known builder
writes parents last.
"""

from __future__ import annotations

from engine.errors import LimitExceeded, Malformed
from engine.layers.archive import ArchiveReader
from engine.layers.blocks import BlockStream
from engine.layers.disk import Disk
from engine.layers.inode import Directory, Flag, Inode, directories, has_content, is_covered, is_under
from engine.layers.limits import Limits, too_large
from engine.layers.member import Kind, Member
from engine.layers.overlay_xattrs import PREFIXES
from engine.layers.resolve import clean, locate, lookup, show

_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_AUFS = b".wh..wh."  # housekeeping of AUFS, which old builders archived; it means nothing here
_CACHED_PARENTS = 4096
_NOTES = 20


class Unpacker:
    """Applies members to an empty directory, one after another.

    :param disk: where they are made.
    :param whiteouts: take names that begin with `.wh.` for what a layer means by them.
    :ivar root: the tree as it has become.
    :ivar entries: members of the archive.
    :ivar content_bytes: of its files, each once.
    :ivar notes: what could not be kept, in words; at most a few.
    """

    def __init__(
        self, reader: ArchiveReader, disk: Disk, limits: Limits | None = None, whiteouts: bool = True
    ) -> None:
        self._reader = reader
        self._whiteouts = whiteouts
        self._limits = limits or Limits()
        self._disk = disk
        self._parents: dict[bytes, Directory] = {}
        self.root = Directory()
        self.root.flags = Flag.IMPLICIT
        self.entries = 0
        self.content_bytes = 0
        self._skipped = 0
        self._inodes = 0
        self._text = 0
        self.notes: list[str] = []

    def run(self) -> None:
        """Unpack all members.

        :raises Malformed: the archive breaks its format, or asks for what no archive may ask.
        :raises LimitExceeded: it is larger than `limits` allow.
        :raises OSError: the disk refuses.
        """
        try:
            for member in self._reader:
                self._apply(member)
            self._finish()
        finally:
            self._disk.close()

    def _apply(self, member: Member) -> None:
        self.entries += 1
        values = member.xattrs.values() if member.xattrs else ()
        self._count(len(member.name) + len(member.link) + sum(map(len, values)))
        directory, name = self._split(member.name)
        if not name:
            self._describe_root(member)
        elif self._whiteouts and (
            name.startswith(_WHITEOUT) or b"/.wh." in directory or directory.startswith(_WHITEOUT)
        ):
            self._marked(member, directory, name)
        else:
            if member.xattrs:
                self._drop_overlay_xattrs(member)
            self._place(member, self._parent(directory), name)

    def _count(self, text: int) -> None:
        """One more member or directory, with so many bytes that stay in memory."""
        self._inodes += 1
        self._text += text
        if self._inodes > self._limits.entries:
            raise LimitExceeded(f"the archive has more than {self._limits.entries} members")
        if self._text > self._limits.text:
            raise LimitExceeded(
                f"the archive has more than {self._limits.text} bytes of names and attributes"
            )

    @staticmethod
    def _split(path: bytes) -> tuple[bytes, bytes]:
        if path.startswith(b"./"):
            path = path[2:]
        path = path.rstrip(b"/")
        if b"//" in path or b"." in path[:1] or b"/." in path:
            return clean(path)
        directory, _, name = path.lstrip(b"/").rpartition(b"/")
        return directory, name

    def _describe_root(self, member: Member) -> None:
        if member.kind is not Kind.DIRECTORY:
            raise Malformed("the archive would replace its own root")
        self._drop_overlay_xattrs(member)
        self.root.describe(member)
        self.root.flags &= ~Flag.IMPLICIT

    # parents

    def _parent(self, path: bytes) -> Directory:
        """The directory that a member goes into, made where it is missing."""
        found = self._parents.get(path)
        if found is not None:
            return found
        here, missing = locate(self.root, path, self._limits.links)
        for name in missing:
            here = self._make_implicit(here, name)
        if len(self._parents) >= _CACHED_PARENTS:
            self._parents.clear()
        self._parents[path] = here
        return here

    def _make_implicit(self, parent: Directory, name: bytes) -> Directory:
        # Below a whiteout or an opaque mark that came before there is nothing to take attributes from.
        self._count(len(name))
        covered = name in parent.children or is_covered(parent)
        directory = self._make_directory(parent, name)
        if not covered:
            directory.flags |= Flag.IMPLICIT
        return directory

    def _make_directory(self, parent: Directory, name: bytes) -> Directory:
        directory = Directory(name, parent)
        if directory.depth > self._limits.depth:
            raise LimitExceeded(
                f"the archive has more than {self._limits.depth} directories within directories"
            )
        before = parent.children.get(name)
        if before is not None:
            # A whiteout or a file of this layer stood here, so nothing from below may show through.
            directory.flags |= Flag.OPAQUE
            self._remove(parent, name, before)
        self._disk.directory(parent, name)
        parent.children[name] = directory
        return directory

    def _remove(self, parent: Directory, name: bytes, inode: Inode) -> None:
        self._disk.remove(parent, name, inode)
        del parent.children[name]
        if isinstance(inode, Directory) or inode.kind is Kind.SYMLINK:
            self._parents.clear()

    # whiteouts

    def _marked(self, member: Member, directory: bytes, name: bytes) -> None:
        """A member whose path has a name that the specification keeps for whiteouts.

        Source: OCI image-spec 1.1, layer.md, "Whiteouts".
        """
        path = directory + b"/" + name
        if name == _OPAQUE and not _has_mark(directory):
            if not self._is_covered(directory):
                self._parent(directory).flags |= Flag.OPAQUE
        elif any(part.startswith(_AUFS) for part in path.split(b"/")):
            self._note(f"left out housekeeping of AUFS: {show(path)}")
        elif _has_mark(directory):
            raise Malformed(f"the archive has a path below a whiteout: {show(member.name)}")
        else:
            self._white_out(directory, name.removeprefix(_WHITEOUT), member)

    def _is_covered(self, path: bytes) -> bool:
        """Whether this layer already hides all that lies below in a directory, so that no mark is needed."""
        here, missing = locate(self.root, path, self._limits.links)
        return bool(missing and missing[0] in here.children) or is_covered(here)

    def _white_out(self, directory: bytes, name: bytes, member: Member) -> None:
        if name in (b"", b".", b".."):
            raise Malformed(f"the archive has a whiteout of no file: {show(member.name)}")
        if self._is_covered(directory):
            return
        parent = self._parent(directory)
        present = parent.children.get(name)
        if isinstance(present, Directory) and not has_content(present):
            self._remove(parent, name, present)  # it was but the way to other whiteouts
            present = None
        if present is None:
            self._disk.whiteout(parent, name)
            parent.children[name] = Inode(Kind.WHITEOUT)
        elif isinstance(present, Directory):
            # What this layer put there stays, whichever came first; only what lies below goes.
            present.flags |= Flag.OPAQUE

    # members

    def _place(self, member: Member, parent: Directory, name: bytes) -> None:
        before = parent.children.get(name)
        if member.kind is Kind.DIRECTORY:
            directory = before if isinstance(before, Directory) else self._make_directory(parent, name)
            directory.describe(member)
            directory.flags &= ~Flag.IMPLICIT
            return
        if member.kind is Kind.HARDLINK:
            self._hard_link(member, parent, name)
            return
        if before is not None:
            self._remove(parent, name, before)
        inode = Inode(member.kind)
        inode.describe(member)
        if member.kind is Kind.FILE:
            self._file(member, inode, parent, name)
        elif member.kind is Kind.SYMLINK:
            self._symbolic_link(member, inode, parent, name)
        else:
            self._node(member, inode, parent, name)
        parent.children[name] = inode

    def _file(self, member: Member, inode: Inode, parent: Directory, name: bytes) -> None:
        self.content_bytes += member.size
        if self.content_bytes > self._limits.unpacked:
            raise too_large(self._limits)
        inode.size = member.size
        inode.digest = self._disk.file(parent, name, member, self._reader)

    def _symbolic_link(self, member: Member, inode: Inode, parent: Directory, name: bytes) -> None:
        if not member.link:
            raise Malformed(f"the archive has a symbolic link to nothing: {show(member.name)}")
        inode.link = member.link
        inode.size = len(member.link)
        self._disk.symlink(parent, name, member)

    def _node(self, member: Member, inode: Inode, parent: Directory, name: bytes) -> None:
        inode.device = member.device
        if member.kind is Kind.CHAR and not member.device:
            # Overlayfs would read it as a whiteout.
            inode.flags |= Flag.SKIPPED
            self._note(f"left out the character device 0:0 {show(member.name)}")
        elif not self._disk.node(parent, name, member):
            inode.flags |= Flag.SKIPPED
            self._skipped += 1

    def _hard_link(self, member: Member, parent: Directory, name: bytes) -> None:
        here, missing, target_name, target = lookup(self.root, member.link, self._limits.links)
        if not target_name or isinstance(target, Directory):
            raise Malformed(f"the archive has a hard link to a directory: {show(member.name)}")
        hidden = (missing and missing[0] in here.children) or (target is None and is_covered(here))
        itself = here is parent and not missing and target_name == name
        if hidden or (target is not None and target.kind is Kind.WHITEOUT) or (itself and target is None):
            raise Malformed(f"the archive has a hard link to a file that is not there: {show(member.link)}")
        before = parent.children.get(name)
        if before is not None:
            if before is target:
                return
            if is_under(here, before):
                raise Malformed(f"the archive has a hard link into what it replaces: {show(member.name)}")
            self._remove(parent, name, before)
        if target is None:
            target = Inode(Kind.HARDLINK)
            # Relative to the root, the links of this layer followed; the seam finds the file.
            target.link = b"/".join([*filter(None, [here.path()]), *missing, target_name])
        else:
            target.linked = True
            self._disk.link(here, target_name, parent, name, target)
        parent.children[name] = target

    # the end

    def _finish(self) -> None:
        for directory in reversed(directories(self.root)):
            self._disk.finish_directory(directory)
        if self._skipped:
            self._note(f"this host makes no device nodes: {self._skipped} left out")
        if self._disk.refused_owners:
            self._note(f"this host refuses foreign owners: {self._disk.refused_owners} files are your own")
        for name in sorted(self._disk.refused_xattrs):
            self._note(f"this host refuses the extended attribute {show(name)}")

    def _drop_overlay_xattrs(self, member: Member) -> None:
        kept = {name: value for name, value in (member.xattrs or {}).items() if not name.startswith(PREFIXES)}
        if len(kept) != len(member.xattrs or {}):
            self._note(f"left out an attribute of overlayfs itself: {show(member.name)}")
        member.xattrs = kept or None

    def _note(self, text: str) -> None:
        if len(self.notes) < _NOTES:
            self.notes.append(text)


def _has_mark(directory: bytes) -> bool:
    return any(part.startswith(_WHITEOUT) for part in directory.split(b"/"))


def unpack(stream: BlockStream, descriptor: int, limits: Limits | None = None) -> Unpacker:
    """Unpack an archive into the open, empty directory; gives what was made.

    The process's umask must be 0, for files are made with the very mode they shall have.
    """
    unpacker = Unpacker(ArchiveReader(stream, limits), Disk(descriptor), limits)
    unpacker.run()
    return unpacker
