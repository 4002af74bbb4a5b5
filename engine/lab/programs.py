"""Programs of the host, with the shared libraries they need and where a container finds them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.errors import NotSupported, Unavailable
from engine.lab.archive import File, Tree

_LIBC = re.compile(r"libc\.(so\.6|musl-.*)")
# ldd(1): "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", "\t/lib64/ld-linux-x86-64.so.2 (0x…)"
_LIBRARY = re.compile(r"\s+(?P<name>\S+) => (?P<path>/.+) \(0x[0-9a-f]+\)")
_LOADER = re.compile(r"\s+(?P<path>/\S+) \(0x[0-9a-f]+\)")
_LDD_TIMEOUT = 60  # seconds for all programs together


@dataclass(frozen=True, slots=True)
class Needs:
    """What one program or extension module needs of the loader.

    :param libraries: soname to file on the host; :param loader: the program interpreter, or None;
    :param missing: sonames that the host has not.
    """

    libraries: dict[str, Path]
    loader: Path | None
    missing: tuple[str, ...]


def find_program(name: str) -> Path | None:
    """The program of the host that has this name, links followed; None where there is none."""
    found = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
    return Path(found).resolve() if found else None


def needs(files: Iterable[Path]) -> dict[Path, Needs]:
    """What each program or shared object needs; a static program or a script needs nothing.

    :raises NotSupported: the host has no ldd.
    :raises Unavailable: ldd does not answer in time.
    """
    wanted = [str(file) for file in files]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}
    try:
        # The first file twice: given only one, ldd leaves out the line that names it.
        answer = subprocess.run(
            ["ldd", *wanted[:1], *wanted],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LDD_TIMEOUT, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NotSupported(
            "the lab finds shared libraries with ldd, and this host has none",
            hint="install the package libc-bin, or pull images from a registry instead",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"ldd did not answer within {_LDD_TIMEOUT} s") from error
    return _parse_ldd(os.fsdecode(answer.stdout))


def _parse_ldd(output: str) -> dict[Path, Needs]:
    found: dict[Path, Needs] = {}
    current = Needs({}, None, ())
    subject: Path | None = None
    for line in [*output.splitlines(), ":"]:
        if not line.startswith((" ", "\t")):
            if subject is not None:
                found[subject] = current
            subject, current = Path(line.removesuffix(":")), Needs({}, None, ())
        elif library := _LIBRARY.fullmatch(line):
            current.libraries[library["name"]] = Path(library["path"])
        elif loader := _LOADER.fullmatch(line):
            current = Needs(current.libraries, Path(loader["path"]), current.missing)
        elif line.endswith("=> not found"):
            current = Needs(current.libraries, current.loader, (*current.missing, line.split()[0]))
    return found


def library_tree(all_needs: Iterable[Needs]) -> Tree:
    """Loaders at the paths that programs name, and all libraries beside the C library.

    A library may lie elsewhere on the host (a build of Python brings its own); beside the C library the
    container's loader finds it without a cache.

    :raises NotSupported: nothing needs a C library, so the directory is not known.
    """
    tree: Tree = {}
    libraries: dict[str, Path] = {}
    for need in all_needs:
        libraries.update({name: path for name, path in need.libraries.items() if name not in libraries})
        if need.loader is not None:
            tree[image_path(need.loader)] = File(need.loader.resolve(), 0o755)
    libc = next((path for name, path in libraries.items() if _LIBC.fullmatch(name)), None)
    if libc is None and libraries:
        raise NotSupported("the lab does not know this host's C library")
    for name, path in libraries.items():
        assert libc is not None
        tree[image_path(libc).parent / name] = File(path.resolve(), 0o755)
    return tree


def image_path(path: Path) -> PurePosixPath:
    """Where a file of the host stands in an image: its directory with links followed, so that the image
    needs no more than the host's links at the top (`/lib` to `usr/lib`)."""
    return PurePosixPath(os.path.realpath(path.parent), path.name).relative_to("/")
