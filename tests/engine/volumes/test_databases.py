"""Real databases with their data in volumes: no commit is lost, however they are ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.support import leaks
from tests.support.command import REPOSITORY, Lamina
from tests.support.peers import RealRegistry
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

_INSERTS = 'n=$1; while psql -qAtc "insert into t values ($n)"; do echo $n; n=$((n+1)); done'


@pytest.fixture(scope="module")
def house(real_registry: RealRegistry) -> Iterator[Lamina]:
    """A store with both images."""
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        for image in ("postgres:15", "redis:7"):
            lamina("pull", "-q", real_registry.image(image), timeout=110).ok()
        yield lamina
        for name in lamina("ps", "-aq").out.split():
            lamina("rm", "-f", "-v", name)


def _ready(house: Lamina) -> bool:
    return house("exec", "db", "pg_isready", "-q").code == 0


def _sql(house: Lamina, statement: str) -> str:
    return house("exec", "db", "psql", "-qAtc", statement).ok().out.strip()


def _insert_until(house: Lamina, start: int, end: Callable[[], object]) -> int:
    """Insert rows, each a commit of its own, and call `end` in the midst; the last that was confirmed."""
    words = house.words("exec", "db", "sh", "-c", _INSERTS, "inserts", str(start))
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None
    confirmed = [int(process.stdout.readline()) for _ in range(20)]
    end()
    confirmed += [int(line) for line in process.stdout if line.strip().isdecimal()]
    process.stdout.close()
    process.wait(timeout=30)
    return confirmed[-1]


def _kill(house: Lamina) -> None:
    os.kill(house("inspect", "db").json()[0]["State"]["Pid"], signal.SIGKILL)
    house("wait", "db").ok()


def test_postgres_loses_no_commit_when_stopped_and_when_killed(
    house: Lamina, real_registry: RealRegistry
) -> None:
    image = real_registry.image("postgres:15")
    data = "pgdata:/var/lib/postgresql/data"
    house("run", "-d", "--network", "none", "--name", "db", "-v", data, image).ok()
    assert eventually(lambda: _ready(house), 40)
    _sql(house, "create table t (n bigint primary key)")
    last = _insert_until(house, 0, lambda: house("stop", "-t", "20", "db").ok())
    house("start", "db").ok()
    assert eventually(lambda: _ready(house), 40)
    present = int(_sql(house, "select count(*) from t"))
    assert present >= last + 1
    last = _insert_until(house, present, lambda: _kill(house))
    house("start", "db").ok()
    assert eventually(lambda: _ready(house), 40)
    assert _sql(house, f"select count(*) from t where n <= {last}") == str(last + 1)
    house("rm", "-f", "db").ok()
    house("run", "-d", "--network", "none", "--name", "db", "-v", data, image).ok()
    assert eventually(lambda: _ready(house), 40)
    assert _sql(house, f"select count(*) from t where n <= {last}") == str(last + 1)
    house("rm", "-f", "db").ok()


def test_redis_has_its_data_again_in_another_container(house: Lamina, real_registry: RealRegistry) -> None:
    image = real_registry.image("redis:7")
    words = ("-v", "cache:/data", "--network", "none", image, "redis-server", "--appendonly", "yes")
    owned = ("-u", "0", "-v", "cache:/data", "--network", "none", image, "chown", "redis", "/data")
    house("run", "--rm", *owned).ok()
    house("run", "-d", "--name", "first", *words).ok()
    assert eventually(lambda: house("exec", "first", "redis-cli", "ping").out == "PONG\n")
    house("exec", "first", "redis-cli", "set", "key", "value").ok()
    house("stop", "first").ok()
    house("run", "-d", "--name", "second", *words).ok()
    assert eventually(lambda: house("exec", "second", "redis-cli", "get", "key").out == "value\n")
    house("rm", "-f", "first", "second").ok()
    assert house("volume", "inspect", "cache").json()[0]["UsedBy"] == []
