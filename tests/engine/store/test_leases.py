import os
import subprocess
import sys

from engine.store import Database, Layout, leased, leased_digests
from engine.store.leases import drop_dead_leases, start_time

LEASE = """
import sys
from pathlib import Path
from engine.store import Database, Layout, leased
with leased(Database(Layout(Path(sys.argv[1]), Path(sys.argv[1]))), ["sha256:other"]):
    print("leased", flush=True)
    sys.stdin.read()
"""


def digests(database: Database) -> set[str]:
    with database.read() as connection:
        return leased_digests(connection)


def test_a_lease_holds_for_the_length_of_the_block(layout: Layout) -> None:
    database = Database(layout)
    with leased(database, ["sha256:a", "sha256:b", "sha256:a"]):
        assert digests(database) == {"sha256:a", "sha256:b"}
    assert digests(database) == set()


def test_the_lease_of_a_killed_process_does_not_count_and_is_dropped(layout: Layout) -> None:
    database = Database(layout)
    process = subprocess.Popen(
        [sys.executable, "-c", LEASE, layout.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"leased\n"
    assert digests(database) == {"sha256:other"}
    process.kill()
    process.communicate()
    assert digests(database) == set()
    with database.write() as connection:
        assert drop_dead_leases(connection) == 1
        assert drop_dead_leases(connection) == 0


def test_a_process_id_that_came_round_again_is_not_the_owner(layout: Layout) -> None:
    database = Database(layout)
    with database.write() as connection:
        row = ("l", "sha256:a", os.getpid(), start_time(os.getpid()) + 1, 0.0)
        connection.execute("INSERT INTO leases VALUES (?, ?, ?, ?, ?)", row)
    assert digests(database) == set()


def test_a_process_that_is_not_there_has_no_start_time() -> None:
    assert start_time(2**22 + 1) == 0
