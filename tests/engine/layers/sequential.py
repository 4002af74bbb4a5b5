"""Layers unpacked one onto another as trees of nodes: the plain way, slow and easily checked.

What the engine does by dictionaries has to come to the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Malformed
from engine.layers.inode import Flag
from engine.layers.limits import Limits
from engine.layers.member import Kind
from engine.layers.resolve import show
from engine.layers.table import FileTable

Source = tuple[int, int]  # number of the layer, number of the entry in its table
FRESH: Source = (-1, -1)  # a directory that no table describes

_IMPLICIT, _OPAQUE, _SKIPPED = int(Flag.IMPLICIT), int(Flag.OPAQUE), int(Flag.SKIPPED)


class Node:
    """A path of the merged tree.

    :ivar source: the entry that describes it.
    :ivar inode: the same for all names of one file.
    :ivar link: target, if it is a symbolic link.
    """

    __slots__ = ("inode", "kind", "link", "source")

    def __init__(self, kind: int, source: Source, inode: tuple[int, int, int], link: bytes = b"") -> None:
        self.kind = kind
        self.source = source
        self.inode = inode
        self.link = link


class Branch(Node):
    """A directory of the merged tree."""

    __slots__ = ("children", "parent")

    def __init__(self, source: Source, parent: Branch | None) -> None:
        super().__init__(Kind.DIRECTORY, source, (*source, 0))
        self.parent = parent
        self.children: dict[bytes, Node] = {}


class Merge:
    """A tree that layers are applied to, base first.

    :ivar relinked: inodes that got a name from a layer above their own.
    """

    def __init__(self) -> None:
        self.root = Branch(FRESH, None)
        self.relinked: set[tuple[int, int, int]] = set()

    def apply_in_order(self, layer: int, table: FileTable) -> None:
        """Put a layer on top as if its archive were unpacked onto the tree.

        :raises Malformed: it links to a file that is not there, or goes through one.
        """
        targets = self._targets(table)
        self._hide(table)
        self._add(layer, table, targets)

    def _targets(self, table: FileTable) -> dict[int, Node]:
        """What the hard links that the layer alone could not make point to, as far as that is there now."""
        found = {}
        for number, link in table.links.items():
            if table.kinds[number] == Kind.HARDLINK:
                target = self._target(link)
                if target is not None:
                    found[number] = target
        return found

    def _target(self, link: bytes) -> Node | None:
        directory, _, name = link.rpartition(b"/")
        here, missing = self._walk(self.root, directory)
        target = None if missing else here.children.get(name)
        return None if isinstance(target, Branch) else target

    def _link(self, parent: Branch, name: bytes, link: bytes, target: Node | None) -> None:
        if target is None:
            raise Malformed(
                f"a layer has a hard link to {show(link)}, which is no file of the layers below",
                hint="the image was put together wrongly; tell its publisher",
            )
        self.relinked.add(target.inode)
        parent.children[name] = Node(target.kind, target.source, target.inode, target.link)

    def _hide(self, table: FileTable) -> None:
        """Take away what whiteouts and opaque directories hide, before the layer's own files come.

        Directories that the layer has stay, emptied: one implied before the mark keeps its attributes.
        """
        places: dict[bytes, Branch] = {b"": self.root}
        hidden: set[bytes] = set()
        if table.flags[0] & _OPAQUE:
            _empty(self.root, b"", table)
            hidden.add(b"")
        for number, key, name, parent in _below(table, places):
            kind = table.kinds[number]
            if kind == Kind.WHITEOUT or table.flags[number] & _SKIPPED:
                parent.children.pop(name, None)
            elif kind == Kind.DIRECTORY:
                there = self._followed(parent, name, bool(table.flags[number] & _IMPLICIT))
                if there is None:
                    continue
                if table.flags[number] & _OPAQUE or key.rpartition(b"\0")[0] in hidden:
                    _empty(there, key, table)
                    hidden.add(key)
                places[key] = there

    def _followed(self, parent: Branch, name: bytes, implicit: bool) -> Branch | None:
        """The directory of a name, a link followed if the layer only implies it; None where there is none."""
        there = parent.children.get(name)
        if there is not None and there.kind == Kind.SYMLINK and implicit:
            here, missing = self._walk(parent, there.link)
            return None if missing else here
        return there if isinstance(there, Branch) else None

    def _add(self, layer: int, table: FileTable, targets: dict[int, Node]) -> None:
        places: dict[bytes, Branch] = {b"": self.root}
        if self.root.source == FRESH or not table.flags[0] & _IMPLICIT:
            self.root.source = (layer, 0)
        full = holders(table)
        late: list[tuple[int, bytes, Branch]] = []
        for number, key, name, parent in _below(table, places):
            kind = table.kinds[number]
            if kind == Kind.DIRECTORY:
                implicit = bool(table.flags[number] & _IMPLICIT)
                # A parent of nothing but whiteouts is made by nobody.
                if not implicit or key in full:
                    places[key] = self._directory(parent, name, (layer, number), implicit)
            elif kind == Kind.HARDLINK:
                late.append((number, name, parent))
            elif kind != Kind.WHITEOUT and not table.flags[number] & _SKIPPED:
                parent.children[name] = _leaf(layer, number, table)
        for number, name, parent in late:
            # To a file of the layer itself, where a link below leads to it.
            link = table.links[number]
            self._link(parent, name, link, targets.get(number) or self._target(link))

    def _directory(self, parent: Branch, name: bytes, source: Source, implicit: bool) -> Branch:
        there = parent.children.get(name)
        if there is not None and there.kind == Kind.SYMLINK and implicit:
            here, missing = self._walk(parent, there.link)
            for part in missing:
                here.children[part] = here = Branch(FRESH, here)
            return here
        if not isinstance(there, Branch):
            there = parent.children[name] = Branch(source, parent)
        elif not implicit:
            there.source = source
        return there

    def _walk(self, here: Branch, path: bytes) -> tuple[Branch, list[bytes]]:
        """The directory that a path leads to inside the root, and the names of it that are missing."""
        left = Limits().links
        missing: list[bytes] = []
        pending = path.split(b"/")[::-1]
        if path.startswith(b"/"):
            here = self.root
        while pending:
            part = pending.pop()
            if part in (b"", b"."):
                continue
            if part == b"..":
                if missing:
                    missing.pop()
                else:
                    here = here.parent or self.root
                continue
            child = None if missing else here.children.get(part)
            if child is None:
                missing.append(part)
            elif isinstance(child, Branch):
                here = child
            elif child.kind == Kind.SYMLINK and left:
                left -= 1
                if child.link.startswith(b"/"):
                    here = self.root
                pending += child.link.split(b"/")[::-1]
            else:
                raise Malformed(f"a layer puts files below {show(path)}, which is no directory")
        return here, missing


def _empty(there: Branch, key: bytes, table: FileTable) -> None:
    """Take away all but the directories that a layer has in the directory of this key."""
    for name in list(there.children):
        number = table.number((key + b"/" + name).replace(b"\0", b"/"))
        if number is None or table.kinds[number] != Kind.DIRECTORY:
            del there.children[name]


def holders(table: FileTable) -> set[bytes]:
    """Keys of the directories that hold, at some depth, more than whiteouts and implicit parents."""
    found: set[bytes] = set()
    for number in range(len(table) - 1, 0, -1):  # children before their parents
        key, kind = table.keys[number], table.kinds[number]
        implied = kind == Kind.DIRECTORY and table.flags[number] & _IMPLICIT and key not in found
        if kind != Kind.WHITEOUT and not implied:
            found.add(key.rpartition(b"\0")[0])
    return found


def _below(table: FileTable, places: dict[bytes, Branch]) -> Iterator[tuple[int, bytes, bytes, Branch]]:
    """Every entry but the root, with its name and place; those whose parent has no place are left out.

    :param places: by key; the caller adds each directory's place before its children come.
    """
    for number, key in enumerate(table.keys):
        if number:
            above, _, name = key.rpartition(b"\0")
            parent = places.get(above)
            if parent is not None:
                yield number, key, name, parent


def _leaf(layer: int, number: int, table: FileTable) -> Node:
    group = table.groups.get(number, 0)
    inode = (layer, 0, group) if group else (layer, number, 0)
    return Node(table.kinds[number], (layer, number), inode, table.links.get(number, b""))
