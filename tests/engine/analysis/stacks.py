"""Generated stacks of small layers, in which paths meet often."""

from __future__ import annotations

from hypothesis import strategies as st

from engine.layers.inode import Flag
from engine.layers.member import Kind
from engine.layers.table import FileTable
from tests.engine.analysis.tables import GONE, OPAQUE, What, file, folder, hard, link, table

_NAMES = st.sampled_from(["a", "b", "c"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_CONTENTS = st.sampled_from([b"", b"x", b"longer", b"longest of all"])
_FILES = st.builds(lambda content, mode: file(content, mode=mode), _CONTENTS, st.sampled_from([0o644, 0o755]))
_LINKS = st.builds(link, st.one_of(_PATHS, _PATHS.map("/{}".format), st.just("../b"), st.just("nowhere/x")))
_PLAIN = st.one_of(
    _FILES, _FILES, st.just(folder()), st.just(folder(mode=0o700)), st.just(GONE), st.just(OPAQUE)
)
_DEVICES = st.just(What(Kind.CHAR, flags=Flag.SKIPPED))
_ANY = st.one_of(_PLAIN, _PLAIN, _LINKS, _DEVICES, _PATHS.map(hard))


def _layers(what: st.SearchStrategy[What]) -> st.SearchStrategy[FileTable]:
    return st.dictionaries(_PATHS, what, max_size=8).map(table)


PLAIN_STACKS = st.lists(_layers(_PLAIN), min_size=1, max_size=4)
"""Files, directories, whiteouts and opaque directories."""

ANY_STACKS = st.lists(_layers(_ANY), min_size=1, max_size=4)
"""With links of both sorts and devices too; their layers need not fit together."""
