"""Checking a store: every byte of blobs and layers, every attribute, every row. Changes nothing.

Blobs and layers are read by as many threads as there are processors; hashing leaves the interpreter's
lock to the others.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Corrupt, LaminaError
from engine.images.catalogue import Catalogue, ImageRecord, read_catalogue
from engine.images.check_models import CheckProgress, Finding, OnCheck, Subject
from engine.images.check_rows import blobs_of, check_file, check_image, layers_of
from engine.images.leftovers import Leftovers, find_leftovers
from engine.images.parts import Parts
from engine.layers.seam import seam_path
from engine.layers.seam_table import seam_table
from engine.layers.verify import Verdict, verify_tree
from engine.oci.chain import chain_id
from engine.oci.digest import Digest

_STEP = 1 << 20
_INTERVAL = 0.1  # seconds between two reports


@dataclass(frozen=True, slots=True)
class Container:
    """What a check needs to know of a container."""

    id: str
    name: str
    image_id: Digest


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    :param catalogue: None where the database cannot be read.
    :param unreadable: layers whose tables are damaged or missing: what depends on these cannot be told.
    """

    findings: tuple[Finding, ...]
    catalogue: Catalogue | None
    unreadable: frozenset[Digest] = frozenset()
    blobs: int = 0
    layers: int = 0
    files: int = 0
    size: int = 0
    leftovers: Leftovers | None = None


def find(parts: Parts, containers: Iterable[Container], on_progress: OnCheck | None) -> Checked:
    """Look at everything; the caller holds the lock on content, so that nothing is removed meanwhile."""
    try:
        with parts.database.read() as connection:
            findings = list(check_file(connection))
            catalogue = read_catalogue(connection)
            leftovers = find_leftovers(parts, connection, time.time())
    except Corrupt as error:
        return Checked((Finding(Subject.DATABASE, "lamina.db", error.message),), None)
    meter = _Meter(_total(parts, catalogue), on_progress)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        blobs, layers = blobs_of(catalogue), layers_of(catalogue)
        # The largest first: what begins last must be short.
        order = sorted(blobs, key=parts.blobs.size, reverse=True)
        verdicts = pool.map(lambda diff_id: _layer(parts, diff_id, meter), layers)
        read = pool.map(lambda digest: _blob(parts, digest, meter), order)
        wrong_blobs = dict(zip(order, read, strict=True))
        wrong_layers = dict(zip(layers, verdicts, strict=True))
    findings += _blob_findings(parts, catalogue, blobs, wrong_blobs)
    for diff_id, (_, what) in wrong_layers.items():
        if what:
            findings.append(Finding(Subject.LAYER, diff_id, what, tuple(sorted(layers[diff_id]))))
    unreadable = frozenset(diff_id for diff_id, (verdict, _) in wrong_layers.items() if verdict is None)
    for image in catalogue.images:
        findings += list(_seam(parts, image, unreadable)) or list(check_image(parts, image, unreadable))
    findings += _containers(parts, containers)
    return Checked(
        tuple(dict.fromkeys(findings)),
        catalogue,
        unreadable,
        blobs=len(blobs),
        layers=len(layers),
        files=sum(verdict.files for verdict, _ in wrong_layers.values() if verdict),
        size=meter.done,
        leftovers=leftovers,
    )


class _Meter:
    """Bytes that all threads have read together, told ten times a second."""

    def __init__(self, total: int, tell: OnCheck | None) -> None:
        self._total = total
        self._tell = tell
        self._lock = threading.Lock()
        self._next = 0.0
        self.done = 0

    def read(self, what: str) -> Callable[[int], None]:
        """Takes the sizes of what is read."""

        def add(size: int) -> None:
            with self._lock:
                self.done += size
                if self._tell is None or time.monotonic() < self._next:
                    return
                self._next = time.monotonic() + _INTERVAL
                self._tell(CheckProgress(what, self.done, max(self._total, self.done)))

        return add


def _total(parts: Parts, catalogue: Catalogue) -> int:
    unpacked = {layer.diff_id: layer.unpacked for image in catalogue.images for layer in image.layers}
    return sum(unpacked.values()) + sum(map(parts.blobs.size, blobs_of(catalogue)))


def _blob(parts: Parts, digest: Digest, meter: _Meter) -> str:
    """What is wrong with a blob's bytes; "" where nothing is."""
    tell = meter.read(f"blob {digest.short}")
    found = hashlib.sha256()
    try:
        with parts.blobs.path(digest).open("rb", buffering=0) as file:
            while data := file.read(_STEP):
                found.update(data)
                tell(len(data))
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if found.hexdigest() == digest.hex else "has other bytes than its digest says"


def _blob_findings(
    parts: Parts, catalogue: Catalogue, needed: dict[Digest, set[Digest]], wrong: dict[Digest, str]
) -> Iterable[Finding]:
    copies: dict[Digest, set[Digest]] = {}
    for image in catalogue.images:
        for layer in image.layers:
            copies.setdefault(layer.diff_id, set()).add(layer.blob_digest)
    # Of a layer that was here already another blob never travelled: one of them all is enough.
    spare = {
        digest
        for digests in copies.values()
        if any(not wrong[digest] for digest in digests)
        for digest in digests
        if not parts.blobs.has(digest)
    }
    for digest, what in wrong.items():
        if what and digest not in spare:
            yield Finding(Subject.BLOB, digest, what, tuple(sorted(needed[digest])))


def _layer(parts: Parts, diff_id: Digest, meter: _Meter) -> tuple[Verdict | None, str]:
    """A layer's verdict, None without a table, and what is wrong with it; "" where nothing is."""
    try:
        table = parts.layers.table(diff_id)
    except LaminaError as error:
        return None, error.message
    except OSError as error:
        return None, f"its table cannot be read: {error.strerror}"
    tell = meter.read(f"layer {diff_id.short}")
    return _tree(parts.layers.fs(diff_id), lambda root: verify_tree(root, table, tell))


def _tree(path: Path, verify: Callable[[int], Verdict]) -> tuple[Verdict, str]:
    try:
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return Verdict(), f"its directory cannot be opened: {error.strerror}"
    try:
        verdict = verify(root)
    finally:
        os.close(root)
    more = verdict.differences - len(verdict.told)
    return verdict, "; ".join(verdict.told) + (f"; and {more} more" if more else "")


def _seam(parts: Parts, image: ImageRecord, unreadable: frozenset[Digest]) -> Iterable[Finding]:
    """Whether the seam of an image is right; without the tables it cannot be told."""
    if not image.stack or unreadable & set(image.stack):
        return
    chain = chain_id(image.stack)
    what = ""
    try:
        table = seam_table(parts.layers, image.stack)
    except LaminaError as error:
        what = error.message
    else:
        path = seam_path(parts.layout, image.stack)
        if table is not None and path is None:
            what = "is missing"
        elif table is None and path is not None:
            what = "is there, and the layers need none"
        elif table is not None and path is not None:
            _, what = _tree(path, lambda root: verify_tree(root, table))
    if what:
        yield Finding(Subject.SEAM, chain, what, (image.id,))


def _containers(parts: Parts, containers: Iterable[Container]) -> Iterable[Finding]:
    for container in containers:
        if not (parts.layout.container(container.id) / "upper").is_dir():
            yield Finding(Subject.CONTAINER, container.id, f"the files of {container.name} are missing")
