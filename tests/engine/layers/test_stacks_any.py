"""Any stack of layers, in any form an archive has: the mounted tree equals what umoci unpacks."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.layers import make_seam, overlay_mount
from engine.oci import Digest
from tests.engine.layers.archives import (
    Entry,
    device,
    directory,
    fifo,
    hardlink,
    opaque,
    regular,
    symlink,
    tar,
    whiteout,
)
from tests.engine.layers.making import new_store, unpack_blob, write_blob, write_image
from tests.engine.layers.mounting import compare_mounted, why_not

pytestmark = [
    pytest.mark.system,
    pytest.mark.usefixtures("requires_root"),
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "-"),
    pytest.mark.skipif(shutil.which("umoci") is None, reason="umoci is not installed"),
]

_NAMES = st.sampled_from(
    ["a", "b", "c", "dir", "new\nline", "a b", "\udcff\udcfe", "é", "*?[", "-x", "l" * 120, ".hidden", "wh."]
)
_IDS = st.sampled_from([0, 1, 1000, 65534])
_MODES = st.sampled_from([0o644, 0o600, 0o4755, 0o2711, 0o000])
_TIMES = st.sampled_from([0, 1, 1_600_000_000, 1_600_000_000.25])
_ATTRIBUTES = st.sampled_from([{}, {"SCHILY.xattr.user.note": "kept"}])
_CONTENT = st.sampled_from([b"", b"x", b"text" * 500, bytes(1 << 16) + b"end"])
_FORMATS = st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
_PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, 1),
    "gzip of two members": lambda data: gzip.compress(data[:700], 1) + gzip.compress(data[700:], 1),
    "zstd": lambda data: zstandard.compress(data, 1),
}


class _Tree:
    """What stands at which path after the layers so far, so that each next one asks for what can be done."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._kinds: dict[str, str] = {"": "directory"}

    def layer(self) -> list[Entry]:
        """One more layer: removals of what is below, and then what is new."""
        draw = self._draw
        entries = [entry for _ in range(draw(st.integers(0, 2))) for entry in self._removal()]
        for _ in range(draw(st.integers(0, 6))):
            entries += self._addition()
        return entries

    def _removal(self) -> list[Entry]:
        path = self._draw(st.sampled_from(sorted(self._kinds)))
        if not path:
            return []
        if self._kinds[path] == "directory" and self._draw(st.booleans()):
            self._forget(path, itself=False)
            return [opaque(path)]
        self._forget(path, itself=True)
        return [whiteout(path)]

    def _addition(self) -> list[Entry]:
        draw = self._draw
        above = draw(
            st.sampled_from(sorted(path for path, kind in self._kinds.items() if kind == "directory"))
        )
        name = draw(_NAMES)
        path = f"{above}/{name}" if above else name
        there = self._kinds.get(path)
        files = sorted(path for path, kind in self._kinds.items() if kind == "file")
        kind = draw(
            st.sampled_from(["directory", "directory", "file", "file", "symlink", "fifo", "device", "link"])
        )
        if kind == "link" and not set(files) - {path}:
            return []
        if there is not None and (there != kind or kind != "directory"):
            self._forget(path, itself=True)  # another kind takes its place, and all that was below is gone
            files = [file for file in files if self._kinds.get(file) == "file"]
            if kind == "link" and not files:
                return []
        fields = {
            "uid": draw(_IDS),
            "gid": draw(_IDS),
            "mtime": draw(_TIMES),
            "pax_headers": draw(_ATTRIBUTES),
        }
        self._kinds[path] = "file" if kind == "link" else kind
        match kind:
            case "directory":
                return [directory(path, draw(_MODES) | 0o100, **fields)]
            case "file":
                return [regular(path, draw(_CONTENT), draw(_MODES), **fields)]
            case "symlink":
                return [symlink(path, draw(st.sampled_from(["a", "/etc", "../..", "nowhere"])))]
            case "link":
                return [hardlink(path, draw(st.sampled_from(files)))]
            case "fifo":
                return [fifo(path)]
        return [device(path, 1, 3)]

    def _forget(self, path: str, itself: bool) -> None:
        gone = [other for other in self._kinds if other.startswith(f"{path}/") or (itself and other == path)]
        for other in gone:
            del self._kinds[other]


@dataclass
class _Stack:
    """Layers, and the form and packing of each; said in a line for each member."""

    layers: list[list[Entry]]
    forms: list[tuple[int, str]]

    def __repr__(self) -> str:
        lines = [f"{form}" for form in self.forms]
        for layer, line in zip(self.layers, lines, strict=True):
            members = [(i.name[:12], i.type, oct(i.mode), i.mtime, i.size, i.linkname[:12]) for i, _ in layer]
            lines[lines.index(line)] = f"{line}: {members}"
        return "\n".join(lines)[:4000]


@st.composite
def _stacks(draw: st.DrawFn) -> _Stack:
    tree = _Tree(draw)
    root = [directory("./", mtime=1)]
    layers = [root + tree.layer(), *(tree.layer() for _ in range(draw(st.integers(1, 4))))]
    forms = [(draw(_FORMATS), draw(st.sampled_from(sorted(_PACKINGS)))) for _ in layers]
    return _Stack(layers, forms)


def _archive(entries: list[Entry], form: int) -> bytes:
    if form != tarfile.PAX_FORMAT:
        for info, _ in entries:
            info.mtime = int(info.mtime)  # only PAX has parts of seconds, and attributes
    try:
        return tar(entries, form)
    except (ValueError, UnicodeEncodeError):
        return tar(entries)  # a name that this form cannot say


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(_stacks())
def test_any_stack_equals_what_umoci_unpacks(stack: _Stack) -> None:
    with tempfile.TemporaryDirectory(prefix="lm-stack-") as name:
        place = Path(name)
        archives = [_archive(layer, form) for layer, (form, _) in zip(stack.layers, stack.forms, strict=True)]
        assert _judged(place, archives, [packing for _, packing in stack.forms]) == []


def _judged(place: Path, archives: list[bytes], packings: list[str]) -> list[str]:
    """What differs between the mounted stack and umoci's tree."""
    write_image(place / "image", archives)
    done = subprocess.run(
        ["umoci", "unpack", "--image", f"{place}/image:t", place / "bundle"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return asyncio.run(_differences(place, archives, packings, place / "bundle" / "rootfs"))


async def _differences(place: Path, archives: list[bytes], packings: list[str], judge: Path) -> list[str]:
    store = new_store(place / "store")
    diff_ids = [Digest.of(archive) for archive in archives]
    blobs = {
        Digest.of(archive): write_blob(place / "blobs", _PACKINGS[packing](archive))[0]
        for archive, packing in zip(archives, packings, strict=True)
    }
    await asyncio.gather(*(unpack_blob(store, blob, diff_id) for diff_id, blob in blobs.items()))
    seam = make_seam(store, store.layout, diff_ids)
    mount = overlay_mount(store, diff_ids, None, None, seam)
    return compare_mounted(mount, place / "mounted", judge)


@pytest.mark.parametrize(
    "options",
    [
        ("--format=gnu",),
        *(("--format=posix", f"--sparse-version={version}") for version in ("0.0", "0.1", "1.0")),
    ],
    ids=" ".join,
)
def test_files_with_holes_equal_what_umoci_unpacks(options: tuple[str, ...], tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name, pieces in _HOLES.items():
        with (source / name).open("wb") as file:
            for offset, data in pieces:
                file.seek(offset)
                file.write(data)
            file.truncate(max(file.tell(), 3 << 20))
        os.utime(source / name, (1, 1))
    os.utime(source, (1, 1))
    packed = subprocess.run(
        ["tar", "-c", "--sparse", *options, "-C", source, "."], check=True, capture_output=True
    )
    if options == ("--format=gnu",):  # umoci does not know it
        assert asyncio.run(_differences(tmp_path, [packed.stdout], ["plain"], source)) == []
    else:
        assert _judged(tmp_path, [packed.stdout], ["plain"]) == []


_HOLES: dict[str, list[tuple[int, bytes]]] = {
    "hole first": [(1 << 20, b"x" * 5000)],
    "hole last": [(0, b"x" * 5000)],
    "nothing but a hole": [],
    "many": [(number << 17, bytes([number + 1]) * 700) for number in range(22)],
}


def test_a_stack_of_120_layers_equals_what_umoci_unpacks(tmp_path: Path) -> None:
    """More than the one page of mount options that names each of them could hold."""
    first = [directory("./", mtime=1), directory("d", mtime=1), regular("kept", b"0", mtime=1)]
    layers = [first]
    for number in range(1, 120):
        layer = [
            regular(f"d/{number}", b"%d" % number, mtime=number),
            regular("same", b"%d" % number, mtime=2),
        ]
        if number % 7 == 0:
            layer.append(whiteout(f"d/{number - 3}"))
        if number == 60:
            layer.append(opaque("d"))
        layers.append(layer)
    assert _judged(tmp_path, [tar(layer) for layer in layers], ["gzip"] * 120) == []
