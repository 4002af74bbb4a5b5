"""The layer store and the helper process: whole or not there, whatever happens."""

from __future__ import annotations

import asyncio
import fcntl
import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import Corrupt, DigestMismatch, LimitExceeded, Malformed, NotFound, Unavailable
from engine.layers import Feed, LayerStore, LayerUsage
from engine.layers.limits import Limits
from engine.oci import Digest
from tests.engine.layers.archives import directory, regular, tar
from tests.engine.layers.making import new_store, unpack_blob, write_blob
from tests.engine.layers.mounting import why_not

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away"),
]

ARCHIVE = tar([directory("d", uid=5), regular("d/a", os.urandom(300_000)), regular("b", b"x")])
DIFF_ID = Digest.of(ARCHIVE)
BLOB = gzip.compress(ARCHIVE)


@pytest.fixture
def store(tmp_path: Path) -> LayerStore:
    """An empty store."""
    return new_store(tmp_path / "store")


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    """The blob's file, whole."""
    return write_blob(tmp_path / "blobs", BLOB)[0]


def assert_nothing_is_left(store: LayerStore) -> None:
    assert os.listdir(store.layout.layers) == []
    assert os.listdir(store.layout.locks) == []


def helpers_of(process: int) -> list[int]:
    """Unpack helpers among a process's children; a registry that other tests share may be one too."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in children if "layers" in _command(child) and "helper" in _command(child)]


def _command(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode()
    except FileNotFoundError:
        return ""


async def until_a_helper_runs() -> int:
    while not (found := helpers_of(os.getpid())):
        await asyncio.sleep(0.001)
    return found[0]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_layer_is_unpacked_and_told_of(store: LayerStore, blob: Path) -> None:
    assert not store.has(DIFF_ID)
    usage = await unpack_blob(store, blob, DIFF_ID)
    assert usage == LayerUsage(unpacked=300_001, entries=3)
    assert store.has(DIFF_ID)
    assert store.usage(DIFF_ID) == usage
    assert store.all() == [DIFF_ID]
    assert (store.fs(DIFF_ID) / "b").read_bytes() == b"x"
    assert (store.fs(DIFF_ID) / "d").stat().st_uid == 5
    assert [entry.path for entry in store.table(DIFF_ID)] == ["", "b", "d", "d/a"]
    assert os.listdir(store.layout.layers) == [DIFF_ID.hex]
    assert os.listdir(store.layout.locks) == []


async def test_a_layer_that_is_here_is_left_alone(store: LayerStore, blob: Path) -> None:
    await unpack_blob(store, blob, DIFF_ID)
    before = store.fs(DIFF_ID).stat().st_ino
    feed = Feed()  # nothing ever comes
    usage = await store.unpack(DIFF_ID, Path("/nowhere"), 1, Digest.of(b""), feed=feed)
    assert usage.entries == 3
    assert store.fs(DIFF_ID).stat().st_ino == before


async def test_a_blob_is_unpacked_while_it_grows(store: LayerStore, tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"")
    feed = Feed()
    unpacking = asyncio.create_task(store.unpack(DIFF_ID, path, len(BLOB), Digest.of(BLOB), feed=feed))
    await until_a_helper_runs()
    with path.open("ab", buffering=0) as file:
        for at in range(0, len(BLOB), 50_000):
            file.write(BLOB[at : at + 50_000])
            feed.grown(at + 50_000)
            await asyncio.sleep(0)
    assert (await unpacking).entries == 3


async def test_bytes_beyond_the_blob_are_not_read(store: LayerStore, tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(BLOB + b"garbage")
    feed = Feed()
    feed.grown(len(BLOB) + 7)
    await store.unpack(DIFF_ID, path, len(BLOB), Digest.of(BLOB), feed=feed)
    assert store.has(DIFF_ID)


async def test_progress_is_told_in_compressed_bytes(store: LayerStore, tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(BLOB)
    feed, told = Feed(), asyncio.Queue[int]()
    unpacking = asyncio.create_task(
        store.unpack(DIFF_ID, path, len(BLOB), Digest.of(BLOB), feed=feed, on_progress=told.put_nowait)
    )
    feed.grown(100_000)
    assert await told.get() == 100_000
    feed.done()
    await unpacking


async def test_a_blob_with_other_bytes_is_refused(store: LayerStore, blob: Path) -> None:
    feed = Feed()
    feed.done()
    with pytest.raises(DigestMismatch, match="manifest says"):
        await store.unpack(DIFF_ID, blob, len(BLOB), Digest.of(b"other"), feed=feed)
    assert_nothing_is_left(store)


async def test_a_damaged_blob_is_a_mismatch_rather_than_malformed(store: LayerStore, tmp_path: Path) -> None:
    damaged = bytearray(BLOB)
    damaged[5000] ^= 255
    path, _ = write_blob(tmp_path, bytes(damaged))
    feed = Feed()
    feed.done()
    with pytest.raises(DigestMismatch):
        await store.unpack(DIFF_ID, path, len(BLOB), Digest.of(BLOB), feed=feed)
    assert_nothing_is_left(store)


async def test_a_blob_shorter_than_promised_is_refused(store: LayerStore, tmp_path: Path) -> None:
    path, _ = write_blob(tmp_path, BLOB[:-10])
    feed = Feed()
    feed.done()
    with pytest.raises(DigestMismatch, match="ends after"):
        await store.unpack(DIFF_ID, path, len(BLOB), Digest.of(BLOB), feed=feed)
    assert_nothing_is_left(store)


async def test_an_archive_with_another_diff_id_is_refused(store: LayerStore, blob: Path) -> None:
    with pytest.raises(DigestMismatch, match="image config says"):
        await unpack_blob(store, blob, Digest.of(b"other"))
    assert_nothing_is_left(store)


async def test_a_malformed_archive_is_refused(store: LayerStore, tmp_path: Path) -> None:
    archive = tar([regular("../escape")])
    path, _ = write_blob(tmp_path, archive)
    with pytest.raises(Malformed, match="leaves its root"):
        await unpack_blob(store, path, Digest.of(archive))
    assert_nothing_is_left(store)


async def test_limits_reach_the_helper(store: LayerStore, blob: Path) -> None:
    feed = Feed()
    feed.done()
    with pytest.raises(LimitExceeded, match="more than 2 members"):
        await store.unpack(DIFF_ID, blob, len(BLOB), Digest.of(BLOB), feed=feed, limits=Limits(entries=2))
    assert_nothing_is_left(store)


async def test_a_download_that_is_given_up_leaves_nothing(store: LayerStore, blob: Path) -> None:
    feed = Feed()
    feed.grown(1000)
    unpacking = asyncio.create_task(store.unpack(DIFF_ID, blob, len(BLOB), Digest.of(BLOB), feed=feed))
    await until_a_helper_runs()
    feed.failed()
    with pytest.raises(Unavailable, match="interrupted"):
        await unpacking
    assert_nothing_is_left(store)


async def test_cancelling_ends_the_helper_and_leaves_nothing(store: LayerStore, blob: Path) -> None:
    feed = Feed()
    feed.grown(1000)
    unpacking = asyncio.create_task(store.unpack(DIFF_ID, blob, len(BLOB), Digest.of(BLOB), feed=feed))
    helper = await until_a_helper_runs()
    unpacking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unpacking
    assert not is_alive(helper)
    assert_nothing_is_left(store)


async def test_a_helper_that_is_killed_is_an_error_that_says_so(store: LayerStore, blob: Path) -> None:
    feed = Feed()
    unpacking = asyncio.create_task(store.unpack(DIFF_ID, blob, len(BLOB), Digest.of(BLOB), feed=feed))
    os.kill(await until_a_helper_runs(), signal.SIGKILL)
    with pytest.raises(Unavailable, match="killed by signal 9"):
        await unpacking
    assert_nothing_is_left(store)


async def test_two_who_want_one_layer_make_it_once(store: LayerStore, blob: Path) -> None:
    other = LayerStore(store.layout)
    first, second = await asyncio.gather(unpack_blob(store, blob, DIFF_ID), unpack_blob(other, blob, DIFF_ID))
    assert first == second
    assert os.listdir(store.layout.layers) == [DIFF_ID.hex]


FRONT = """
import asyncio, sys
from pathlib import Path
from engine.layers import Feed
from engine.oci import Digest
from tests.engine.layers.making import new_store
async def main(root, blob, size, digest, diff_id):
    feed = Feed()
    feed.grown(1000)
    await new_store(Path(root)).unpack(Digest(diff_id), Path(blob), int(size), Digest(digest), feed=feed)
asyncio.run(main(*sys.argv[1:]))
"""


def test_a_helper_whose_front_is_killed_ends_and_what_it_made_is_swept(store: LayerStore, blob: Path) -> None:
    arguments = [os.fspath(store.layout.root), os.fspath(blob), str(len(BLOB)), Digest.of(BLOB), DIFF_ID]
    front = subprocess.Popen([sys.executable, "-c", FRONT, *arguments], cwd=Path(__file__).parents[3])
    while not (found := helpers_of(front.pid)):
        assert front.poll() is None
        time.sleep(0.001)
    assert store.sweep() == 0  # it is being worked on
    front.kill()
    front.wait()
    watch = os.pidfd_open(found[0]) if is_alive(found[0]) else None
    if watch is not None:
        import select

        assert select.select([watch], [], [], 20)[0], "the helper outlives its front"
        os.close(watch)
    assert store.sweep() == 1
    assert os.listdir(store.layout.layers) == []
    assert not store.has(DIFF_ID)


async def test_removing_frees_what_was_promised(store: LayerStore, blob: Path) -> None:
    usage = await unpack_blob(store, blob, DIFF_ID)
    assert store.remove(DIFF_ID) == usage.unpacked
    assert not store.has(DIFF_ID)
    assert_nothing_is_left(store)


def test_removing_what_is_not_here_frees_nothing(store: LayerStore) -> None:
    assert store.remove(DIFF_ID) == 0


def test_what_is_not_here_is_not_found(store: LayerStore) -> None:
    with pytest.raises(NotFound):
        store.usage(DIFF_ID)
    with pytest.raises(NotFound):
        store.table(DIFF_ID)


async def test_a_damaged_table_is_seen(store: LayerStore, blob: Path) -> None:
    await unpack_blob(store, blob, DIFF_ID)
    table = store.layout.layers / DIFF_ID.hex / "table"
    table.chmod(0o600)
    with table.open("r+b") as file:
        file.seek(200)
        file.write(b"\xff\xff\xff")
    with pytest.raises(Corrupt):
        store.table(DIFF_ID)


def test_a_sweep_takes_what_nobody_works_on_and_nothing_else(store: LayerStore) -> None:
    layers = store.layout.layers
    for name in (
        DIFF_ID.hex,
        f"{DIFF_ID.hex}.tmp-12",
        f"{DIFF_ID.hex}.tmp-34",
        f"{DIFF_ID.hex}.gone-56",
        "mine",
    ):
        (layers / name / "fs/deep").mkdir(parents=True)
    (layers / f"{DIFF_ID.hex}.tmp-78").symlink_to(layers / DIFF_ID.hex)
    working = os.open(layers / f"{DIFF_ID.hex}.tmp-34", os.O_RDONLY)
    fcntl.flock(working, fcntl.LOCK_EX)
    assert store.sweep() == 2
    os.close(working)
    assert (layers / DIFF_ID.hex / "fs/deep").is_dir()
    left = {name.removeprefix(DIFF_ID.hex) for name in os.listdir(layers)}
    assert left == {"", ".tmp-34", ".tmp-78", "mine"}


FULL_DISK = """
import asyncio, os, sys
from pathlib import Path
from engine.errors import LaminaError
from engine.oci import Digest
from tests.engine.layers.making import new_store, unpack_blob
store = new_store(Path(sys.argv[1]))
try:
    asyncio.run(unpack_blob(store, Path(sys.argv[2]), Digest(sys.argv[3])))
except LaminaError as error:
    print(type(error).__name__, os.listdir(store.layout.layers))
"""


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
@pytest.mark.parametrize(
    ("options", "error"), [("size=256k", "LimitExceeded"), ("size=1m,nr_inodes=17", "Unavailable")]
)
def test_a_full_disk_is_said_and_leaves_nothing(options: str, error: str, blob: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = f'mount -t tmpfs -o {options} tmpfs "$1" && exec "$2" -c "$3" "$1/s" "$4" "$5"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounting, "sh", disk, sys.executable, FULL_DISK, blob, DIFF_ID],
        check=True, cwd=Path(__file__).parents[3], capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{error} []\n", "")
