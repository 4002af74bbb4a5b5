"""The text of one file in two images, as a unified diff."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from engine.analysis.content import Contents

_LONGEST = 1 << 20  # bytes of a file
_MOST_LINES = 10_000  # comparing takes time that grows with their square
_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class TextDiff:
    """What differs in one file.

    :param lines: of a unified diff, without line ends; empty where the content is equal or no text.
    :param equal: whether the content is the same.
    :param reason: why there are no lines though it differs.
    """

    lines: tuple[str, ...] = ()
    equal: bool = False
    reason: str = ""


def text_diff(old: Contents, old_row: int, new: Contents, new_row: int) -> TextDiff:
    """The difference of two files' text.

    :param old_row: row of a regular file in the old image's tree.
    :raises InvalidArgument: one is no regular file.
    """
    before, after = _read(old, old_row), _read(new, new_row)
    if before is None or after is None:
        return TextDiff(reason=f"a file has more than {_LONGEST} bytes")
    if before == after:
        return TextDiff(equal=True)
    if b"\0" in before or b"\0" in after:
        return TextDiff(reason="binary files differ")
    texts = [part.decode("utf-8", "replace").splitlines() for part in (before, after)]
    if max(map(len, texts)) > _MOST_LINES:
        return TextDiff(reason=f"a file has more than {_MOST_LINES} lines")
    names = f"/{old.stack.path(old_row)}", f"/{new.stack.path(new_row)}"
    lines = tuple(unified_diff(texts[0], texts[1], *names, n=_CONTEXT, lineterm=""))
    return TextDiff(lines, reason="" if lines else "only line ends differ")


def chunks(contents: Contents, row: int, size: int = 1 << 20) -> Iterator[bytes]:
    """A file's content in pieces.

    :raises InvalidArgument: the row is no regular file.
    """
    descriptor = contents.open(row)
    try:
        while block := os.read(descriptor, size):
            yield block
    finally:
        os.close(descriptor)


def _read(contents: Contents, row: int) -> bytes | None:
    if contents.stack.entries.content(contents.stack.winners[row]) > _LONGEST:
        return None
    return b"".join(chunks(contents, row))
