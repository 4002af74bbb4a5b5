import os
import time

from engine.oci import Digest
from engine.store import BlobStore, Database, Layout, lock
from engine.store.atomic import TEMPORARY
from engine.store.sweep import Swept, sweep

OLD = Digest.of(b"old")


def leave_ingest(layout: Layout, age: float) -> None:
    with BlobStore(layout).ingest(OLD, 100) as ingest:
        ingest.write(b"half")
        then = time.time() - age
        os.utime(ingest.path, (then, then))


def test_an_old_download_and_temporary_files_are_removed_once(layout: Layout) -> None:
    leave_ingest(layout, age=1000)
    (layout.blobs / f"{TEMPORARY}1").write_bytes(b"half")
    database = Database(layout)
    assert sweep(layout, database, stale_after=500) == Swept(ingests=1, temporaries=1)
    assert sweep(layout, database, stale_after=500) == Swept()


def test_a_fresh_download_is_kept_for_resuming(layout: Layout) -> None:
    leave_ingest(layout, age=0)
    assert sweep(layout, Database(layout), stale_after=500).ingests == 0


def test_a_download_under_way_is_left_alone_however_old(layout: Layout) -> None:
    with BlobStore(layout).ingest(OLD, 100) as ingest:
        os.utime(ingest.path, (0, 0))
        assert sweep(layout, Database(layout), stale_after=0).ingests == 0


def test_one_front_sweeps_at_a_time(layout: Layout) -> None:
    leave_ingest(layout, age=1000)
    with lock(layout, "sweep"):
        assert sweep(layout, Database(layout), stale_after=500) == Swept()
