"""Imports of our own modules, taken from where they are instead of looked for.

Python asks each of its finders in turn, lists directories, and reads a module's cached code in nine system
calls. A start loads 130 modules, and takes a sixteenth less time without all that. Whatever is unusual is
left to Python: code that is not cached, or not that of its source as it is.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader
from _imp import _fix_co_filename  # type: ignore[attr-defined]  # not in typeshed

TYPE_CHECKING = False  # `typing` itself would be felt
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

_OURS = ("engine.", "tui.")
_CACHED = f".{sys.implementation.cache_tag}.pyc"
# How the file begins: a magic number, and no flags, which means that time and size of the source follow.
_BEGINNING = MAGIC_NUMBER + bytes(4)
_HEADER = 16
_MOST = 64 << 10  # bytes of code; a longer file is left to Python


def quicken() -> None:
    """Have modules of the engine and the screen that are imported from now on be found so."""
    if not sys.flags.optimize and sys.pycache_prefix is None and Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)


class Finder:
    """See `importlib.abc.MetaPathFinder`."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What a module is made of; None leaves it to Python."""
        if not path or not name.startswith(_OURS):
            return None
        place, own = path[0], name.rpartition(".")[2]
        found = _found(name, f"{place}/{own}.py", f"{place}/__pycache__/{own}{_CACHED}")
        if found is None:
            place = f"{place}/{own}"
            found = _found(name, f"{place}/__init__.py", f"{place}/__pycache__/__init__{_CACHED}")
            if found:
                found.submodule_search_locations = [place]
        return found


class _Loader(SourceFileLoader):
    """Python's own for modules that lie in files, with the code at hand."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        exec(self._code, module.__dict__)  # noqa: S102 - that is what an import is


def _found(name: str, source: str, cached: str) -> ModuleSpec | None:
    code = _code(source, cached)
    if code is None:
        return None
    spec = ModuleSpec(name, _Loader(name, source, code), origin=source)
    spec.has_location, spec.cached = True, cached
    return spec


def _code(source: str, cached: str) -> CodeType | None:
    """The code that Python keeps of a source; None where it is to see to that itself."""
    try:
        descriptor = os.open(cached, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(descriptor, _MOST)
        finally:
            os.close(descriptor)
        status = os.stat(source)
    except OSError:
        return None
    written = (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
    size = (status.st_size & 0xFFFFFFFF).to_bytes(4, "little")
    if len(data) == _MOST or data[:_HEADER] != _BEGINNING + written + size:
        return None
    code: CodeType = marshal.loads(memoryview(data)[_HEADER:])  # noqa: S302 - as Python itself does
    _fix_co_filename(code, source)  # a tree that was moved with its caches
    return code
