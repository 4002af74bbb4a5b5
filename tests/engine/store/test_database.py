import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from engine.errors import Corrupt, NotSupported
from engine.store import Database, Layout
from engine.store.database import MIGRATIONS

SLOT = "INSERT INTO slots (diff_id, slot) VALUES (?, ?)"


def test_a_new_database_has_the_newest_schema(layout: Layout) -> None:
    with Database(layout).read() as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert version == len(list(MIGRATIONS.glob("*.sql")))


def test_it_is_in_wal_mode_and_commits_durably(layout: Layout) -> None:
    with Database(layout).read() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_only_the_commit_that_need_not_be_durable_is_not(layout: Layout) -> None:
    database = Database(layout)
    with database.write(durable=False) as connection:
        connection.execute(SLOT, ("sha256:a", 3))
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    with contextlib.suppress(KeyboardInterrupt), database.write(durable=False):
        raise KeyboardInterrupt
    with database.write() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("SELECT * FROM slots").fetchall() == [("sha256:a", 3)]


def test_what_is_written_is_there_for_another_front(layout: Layout) -> None:
    with Database(layout).write() as connection:
        connection.execute(SLOT, ("sha256:a", 3))
    with Database(layout).read() as connection:
        assert connection.execute("SELECT * FROM slots").fetchall() == [("sha256:a", 3)]


def test_a_failing_block_changes_nothing(layout: Layout) -> None:
    database = Database(layout)
    with contextlib.suppress(KeyboardInterrupt), database.write() as connection:
        connection.execute(SLOT, ("sha256:a", 3))
        raise KeyboardInterrupt
    with database.read() as connection:
        assert connection.execute("SELECT * FROM slots").fetchall() == []


def test_a_reader_sees_one_moment_while_another_writes(layout: Layout) -> None:
    database = Database(layout)
    with database.read() as reader:
        before = reader.execute("SELECT count(*) FROM slots").fetchone()
        with database.write() as writer:
            writer.execute(SLOT, ("sha256:a", 3))
        assert reader.execute("SELECT count(*) FROM slots").fetchone() == before


def test_a_taken_name_is_left_to_the_caller(layout: Layout) -> None:
    database = Database(layout)
    with database.write() as connection:
        connection.execute(SLOT, ("sha256:a", 3))
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute(SLOT, ("sha256:a", 4))


def test_foreign_keys_are_enforced(layout: Layout) -> None:
    with pytest.raises(sqlite3.IntegrityError), Database(layout).write() as connection:
        connection.execute("INSERT INTO layers VALUES ('sha256:a', 1, 1)")


def test_migrations_run_in_order_and_only_once(layout: Layout, tmp_path: Path) -> None:
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "0001_a.sql").write_text("CREATE TABLE a (x);")
    with Database(layout, steps).read():
        pass
    (steps / "0002_b.sql").write_text("ALTER TABLE a ADD COLUMN y; INSERT INTO a VALUES (1, 2);")
    for _ in range(2):
        with Database(layout, steps).read() as connection:
            assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]


def test_a_migration_that_fails_leaves_the_schema_as_it_was(layout: Layout, tmp_path: Path) -> None:
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "0001_a.sql").write_text("CREATE TABLE a (x); CREATE TABLE a (x);")
    with pytest.raises(Exception, match="already exists"), Database(layout, steps).read():
        pass
    (steps / "0001_a.sql").write_text("CREATE TABLE a (x);")
    with Database(layout, steps).read() as connection:
        assert connection.execute("SELECT * FROM a").fetchall() == []


def test_many_fronts_may_open_a_new_store_at_once(layout: Layout) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            with Database(layout).read() as connection:
                connection.execute("SELECT * FROM images").fetchall()
        except BaseException as error:  # noqa: BLE001  # handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_newer_database_is_refused_with_a_hint(layout: Layout) -> None:
    connection = sqlite3.connect(layout.database)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(NotSupported) as caught, Database(layout).read():
        pass
    assert "999" in caught.value.message
    assert caught.value.hint


def test_a_damaged_database_is_told(layout: Layout) -> None:
    layout.database.write_bytes(b"no database at all" * 1000)
    with pytest.raises(Corrupt) as caught, Database(layout).read():
        pass
    assert str(layout.database) in caught.value.message


def test_a_container_keeps_its_image_from_being_deleted(layout: Layout) -> None:
    database = Database(layout)
    with database.write() as connection:
        connection.execute("INSERT INTO images VALUES ('sha256:i', 'sha256:m', 'linux/amd64', NULL, 0)")
        connection.execute("INSERT INTO containers VALUES ('c', 'name', 'sha256:i', 'i', 0, '{}', 0)")
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute("DELETE FROM images")
