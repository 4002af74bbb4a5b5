import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.images.archive_models import ArchiveFormat
from engine.images.check_models import CheckReport, Subject
from engine.images.checking import Container
from engine.images.service import ImageService
from engine.oci import Digest
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images.publish import Registry, layer, noise

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 300_000)})
APP = layer({"srv/app": b"one", "srv/other": b"other"})
UNSOUND = pytest.mark.usefixtures("requires_root")

Damage = Callable[[Layout], None]


@pytest.fixture
async def reference(images: ImageService, registry: Registry) -> str:
    name = registry.publish("web:1", BASE, APP)
    await images.pull(name)
    return name


@pytest.fixture
def layout(settings: Settings) -> Layout:
    return Layout.of(settings)


async def check(images: ImageService, repair: bool = False, running: bool = False) -> CheckReport:
    containers = [Container("c" * 64, "c1", image.id) for image in images.list()] if running else []
    return await images.check(containers, lambda _: running, repair)


def flip(path: Path, place: int, bit: int = 0) -> None:
    """Turn one bit of a file around, leaving its time as it was."""
    status = path.stat()
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(place)
        (old,) = file.read(1)
        file.seek(place)
        file.write(bytes([old ^ (1 << bit)]))
    path.chmod(status.st_mode & 0o7777)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def fs(layout: Layout) -> Path:
    return layout.layers / APP.diff_id.hex / "fs"


def table(layout: Layout) -> Path:
    return layout.layers / BASE.diff_id.hex / "table"


def link(layout: Layout) -> Path:
    """A symbolic link beside the layer's files."""
    path = layout.root / "link"
    path.symlink_to("target")
    return path


def keep_time(path: Path, change: Callable[[], None]) -> None:
    """Change something in a directory, whose time stays."""
    status = path.stat()
    change()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


DAMAGES: dict[str, tuple[Subject, Damage]] = {
    "a bit of a layer's blob": (Subject.BLOB, lambda at: flip(at.blobs / BASE.digest.hex, 1000, 3)),
    "a blob that is missing": (Subject.BLOB, lambda at: (at.blobs / BASE.digest.hex).unlink()),
    "a blob cut short": (Subject.BLOB, lambda at: os.truncate(at.blobs / APP.digest.hex, 10)),
    "a bit of a file": (Subject.LAYER, lambda at: flip(fs(at) / "srv/app", 1, 5)),
    "a file that is missing": (
        Subject.LAYER,
        lambda at: keep_time(fs(at) / "srv", (fs(at) / "srv/app").unlink),
    ),
    "a file too many": (Subject.LAYER, lambda at: keep_time(fs(at) / "srv", (fs(at) / "srv/new").touch)),
    "a file cut short": (Subject.LAYER, lambda at: os.truncate(fs(at) / "srv/app", 1)),
    "another mode": (Subject.LAYER, lambda at: (fs(at) / "srv/app").chmod(0o600)),
    "another owner": (Subject.LAYER, lambda at: os.chown(fs(at) / "srv/app", 12, 34)),
    "another time": (Subject.LAYER, lambda at: os.utime(fs(at) / "srv/app", ns=(1, 1))),
    "another attribute": (Subject.LAYER, lambda at: os.setxattr(fs(at) / "srv/app", "user.x", b"1")),
    "another kind": (
        Subject.LAYER,
        lambda at: keep_time(fs(at) / "srv", lambda: os.replace(link(at), fs(at) / "srv/app")),
    ),
    "a directory's mode": (Subject.LAYER, lambda at: (fs(at) / "srv").chmod(0o700)),
    "a bit of a table": (Subject.LAYER, lambda at: flip(table(at), 300, 7)),
    "a bit of a table's head": (Subject.LAYER, lambda at: flip(table(at), 12)),
    "a table that is missing": (Subject.LAYER, lambda at: table(at).unlink()),
    "a layer that is missing": (
        Subject.LAYER,
        lambda at: os.rename(at.layers / APP.diff_id.hex, at.root / "elsewhere"),
    ),
}


async def test_a_sound_store_is_called_so(images: ImageService, reference: str) -> None:
    report = await check(images)
    assert report.problems == ()
    assert (report.images, report.blobs, report.layers, report.files) == (1, 4, 2, 4)


@pytest.mark.parametrize("name", DAMAGES)
async def test_each_damage_is_found_and_repaired(
    images: ImageService, layout: Layout, reference: str, name: str
) -> None:
    subject, damage = DAMAGES[name]
    damage(layout)
    (problem,) = (await check(images)).problems
    assert (problem.subject, problem.images, problem.repaired) == (subject, (reference,), False)
    repaired = await check(images, repair=True)
    assert repaired.sound
    assert repaired.problems
    assert (await check(images)).problems == ()


@pytest.mark.parametrize("which", ["manifest", "config"])
async def test_documents_come_back_from_the_registry(
    images: ImageService, layout: Layout, reference: str, which: str
) -> None:
    summary = images.get(reference).summary
    digest = summary.manifest_digest if which == "manifest" else summary.id
    flip(layout.blobs / digest.hex, 5)
    assert [problem.id for problem in (await check(images)).problems] == [digest]
    assert (await check(images, repair=True)).sound
    assert (await check(images)).problems == ()


async def test_everything_at_once_is_repaired(images: ImageService, layout: Layout, reference: str) -> None:
    for path in list(layout.blobs.iterdir()):
        flip(path, path.stat().st_size // 2)
    flip(table(layout), 200)
    (fs(layout) / "srv/app").unlink()
    assert (await check(images, repair=True)).sound
    assert (await check(images)).problems == ()


async def test_a_layer_is_unpacked_again_without_the_registry(
    images: ImageService, registry: Registry, layout: Layout, reference: str
) -> None:
    before = registry.served(APP).requests
    (fs(layout) / "srv/app").unlink()
    assert (await check(images, repair=True)).sound
    assert registry.served(APP).requests == before


async def test_what_cannot_be_repaired_is_named_with_what_to_do(
    images: ImageService, settings: Settings, layout: Layout, tmp_path: Path, reference: str
) -> None:
    images.save([reference], tmp_path / "a.tar", ArchiveFormat.OCI)
    images.remove(reference)
    await images.load(tmp_path / "a.tar")
    images.tag(reference, "127.0.0.1:1/web:1")  # where nobody answers
    images.remove(reference)
    (layout.blobs / BASE.digest.hex).unlink()
    flip(fs(layout).parent.parent / BASE.diff_id.hex / "fs/etc/os", 0)
    report = await check(images, repair=True)
    assert not report.sound
    assert {problem.subject for problem in report.problems} == {Subject.BLOB, Subject.LAYER}
    assert "lamina rmi 127.0.0.1:1/web:1" in report.problems[0].advice
    assert images.resolve("127.0.0.1:1/web:1").diff_ids == (BASE.diff_id, APP.diff_id)
    assert (layout.layers / BASE.diff_id.hex / "fs/etc/os").exists()


async def test_what_a_running_container_stands_on_is_left_alone(
    images: ImageService, layout: Layout, reference: str
) -> None:
    flip(fs(layout) / "srv/app", 0)
    inode = fs(layout).stat().st_ino
    (problem,) = (await check(images, repair=True, running=True)).problems[:1]
    assert not problem.repaired
    assert "stop" in problem.what
    assert fs(layout).stat().st_ino == inode


async def test_a_container_without_its_files_is_found(images: ImageService, reference: str) -> None:
    containers = [Container("c" * 64, "c1", images.resolve(reference).id)]
    (problem,) = (await images.check(containers, lambda _: False)).problems
    assert (problem.subject, problem.repaired) == (Subject.CONTAINER, False)
    assert "lamina rm c1" in problem.advice


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE layers SET unpacked = unpacked + 1",
        "UPDATE layers SET entries = 0",
        "UPDATE image_layers SET compressed = 7",
        "UPDATE image_layers SET blob_digest = 'sha256:' || printf('%064d', position)",
        "UPDATE images SET platform = 'linux/arm64'",
        "UPDATE recipes SET lowers = '[]'",
        "DELETE FROM image_layers WHERE position = 2",
    ],
)
async def test_rows_that_say_otherwise_are_written_anew(
    images: ImageService, layout: Layout, reference: str, statement: str
) -> None:
    before = images.get(reference)
    with sqlite3.connect(layout.database) as connection:
        connection.execute(statement)
    connection.close()
    assert not (await check(images)).sound
    report = await check(images, repair=True)
    assert report.sound
    assert images.get(reference) == before
    assert (await check(images)).problems == ()


async def test_a_damaged_database_is_said_and_not_read_on(
    images: ImageService, layout: Layout, reference: str
) -> None:
    images._parts.database.close()
    with layout.database.open("r+b") as file:
        file.write(bytes(100))
    (problem,) = (await check(ImageService(images._settings))).problems
    assert problem.subject is Subject.DATABASE
    assert "move lamina.db away" in problem.advice


async def test_a_row_that_points_nowhere_is_found(
    images: ImageService, layout: Layout, reference: str
) -> None:
    with sqlite3.connect(layout.database) as connection:
        connection.execute("INSERT INTO names VALUES ('docker.io/library/x:1', 'sha256:none')")
    connection.close()
    assert "points to nothing" in (await check(images)).problems[0].what


async def test_a_manifest_made_by_a_load_is_made_again(
    images: ImageService, layout: Layout, tmp_path: Path, reference: str
) -> None:
    images.save([reference], tmp_path / "a.tar")
    images.remove(reference)
    await images.load(tmp_path / "a.tar")
    digest: Digest = images.get(reference).summary.manifest_digest
    (layout.blobs / digest.hex).unlink()
    assert (await check(images, repair=True)).sound
    assert (layout.blobs / digest.hex).exists()


async def test_a_check_can_be_cancelled(images: ImageService, reference: str) -> None:
    checking: Awaitable[CheckReport] = asyncio.create_task(check(images))
    assert isinstance(checking, asyncio.Task)
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking
