"""Containers at scale, and nothing of them left: `make soak` (root; some minutes).

    python -m scripts.soak [--cycles 1000] [--at-once 50] [--many 200] [--execs 5000] [--megabytes 1024]

After each part, everything that belongs to its store is counted again: processes, mounts, control groups,
descriptors of this process, files, rows, and all interfaces, addresses and rules of a network
namespace of its own. A difference ends it with 1.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.containers.models import Attachment, ContainerOptions, LogLimits, Publish
from engine.containers.sampling import Sampler
from engine.containers.task import attach_socket
from engine.launch import syscalls
from engine.linux.rtnetlink import Routing
from engine.rooms import Rooms
from engine.runtime.exec import begin, new_request
from engine.runtime.pump import Pump
from engine.settings import load_settings
from tests.support.house import lab_house
from tests.support.leaks import processes_of
from tests.support.mounts import mount_points_under
from tests.support.waiting import eventually

_IMAGE = "lab/base"
_PATIENCE = 10.0  # seconds for monitors to be gone after their last word
# What grows by being told of containers, and is bounded elsewhere.
_TOLD = ("events.jsonl", "lamina.db", "locks", "filters", "reserve")
_STATES = ("UP", "DOWN", "UNKNOWN", "linkdown")
_LINE = 999  # characters of each line of the burst


@dataclass(frozen=True, slots=True)
class Count:
    """What belongs to a store just now."""

    processes: int
    mounts: int
    groups: int
    descriptors: int
    files: frozenset[str]
    rows: tuple[tuple[str, int], ...]
    network: frozenset[str]


def _changes(before: Count, after: Count) -> Iterator[str]:
    for name in ("processes", "mounts", "groups", "descriptors"):
        if (was := getattr(before, name)) != (now := getattr(after, name)):
            yield f"{name}: {was}, then {now}"
    for what, were, are in (("file", before.files, after.files), ("network", before.network, after.network)):
        for item in sorted(were ^ are)[:20]:
            yield f"{what} {item}"
    for one, other in zip(before.rows, after.rows, strict=True):
        if one != other:
            yield f"rows of {one[0]}: {one[1]}, then {other[1]}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def count(root: Path) -> Count:
    """Count it; waits for processes that are on their way out."""
    eventually(lambda: not processes_of(root), _PATIENCE, every=0.1)
    groups = subprocess.run(
        ["find", "/sys/fs/cgroup", "-path", "*/lamina/*", "-type", "d"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    ours = {entry.name for entry in (root / "containers").glob("*")}
    return Count(
        len(processes_of(root)),
        len(mount_points_under(root)),
        sum(Path(group).name in ours for group in groups),
        _descriptors(),
        frozenset(_files(root)),
        _rows(root / "lamina.db"),
        frozenset(_network()),
    )


def _descriptors() -> int:
    """Of this process, but the pool's connections to the database, which are kept for the next in need."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            found += "/lamina.db" not in os.readlink(entry)
    return found


def _network() -> Iterator[str]:
    """Interfaces, addresses, routes and rules of this network namespace."""
    for words in (["ip", "-o", "-brief", "address"], ["ip", "route"], ["nft", "list", "ruleset"]):
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        # An interface is up or not by whom it leads to.
        yield from (
            " ".join(word for word in line.split() if word not in _STATES)
            for line in done.stdout.splitlines()
        )


def _files(root: Path) -> Iterator[str]:
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), root)
            if not path.startswith(_TOLD):
                yield path


def _rows(database: Path) -> tuple[tuple[str, int], ...]:
    with closing(sqlite3.connect(database)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return tuple((name, db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in tables)  # noqa: S608


class Soak:
    """The parts of the run, on one store."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rooms = Rooms(load_settings(root))
        self.containers = self.rooms.containers
        self.left = 0

    @contextmanager
    def part(self, name: str, times: int) -> Iterator[None]:
        """Time a part, and count before and after."""
        before, began = count(self.root), time.monotonic()
        yield
        took = time.monotonic() - began
        after = count(self.root)
        _say(f"{name}: {times} in {took:.1f} s, {took / max(1, times) * 1000:.1f} ms each")
        if after != before:
            self.left += 1
            _say(f"  LEFT: {'; '.join(_changes(before, after))}")

    def cycle(self, number: int = 0) -> None:
        """create, start, stop, rm; every other on a network, with a published port."""
        options = ContainerOptions(_IMAGE, ("sleep", "1000"), stop_signal="KILL")
        if number % 2:
            port = Publish("", 0, 80, "tcp")
            options = options._replace(network="bridge", attachments=(Attachment("bridge"),), ports=(port,))
        made = self.containers.create(options)
        self.containers.start(made.id)
        self.containers.stop(made.id)
        self.containers.remove(made.id)

    def many(self, number: int) -> None:
        """So many at once, sampled, listed and removed; says what they take."""
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            ids = list(pool.map(lambda _: self._run("sleep", "1000"), range(number)))
        _say(f"  {number} started in {time.monotonic() - began:.1f} s")
        monitors = [self.rooms.kept.state(self.rooms.kept.records.find(one)).monitor.pid for one in ids]
        sizes = sorted(_memory(pid, "Pss") for pid in monitors)
        _say(f"  a monitor's memory: median {sizes[len(sizes) // 2]} kB, most {sizes[-1]} kB (own share)")
        sampler = Sampler(self.rooms.kept)
        sampler.sample()
        _timed(f"one sample of {number}", lambda: len(sampler.sample()))
        _timed(f"one list of {number}", lambda: len(self.containers.list()))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: self.containers.remove(one, force=True), ids))

    def execs(self, number: int) -> None:
        """So many programs beside one container's first."""
        made = self._run("sleep", "1000")
        monitor = self.rooms.kept.state(self.rooms.kept.records.find(made)).monitor.pid
        path = str(attach_socket(self.rooms.layout, made))
        before = _open_in(monitor), _memory(monitor, "Pss")
        null = os.open("/dev/null", os.O_RDWR)
        for _ in range(number):
            code = Pump(begin(path, new_request(["/bin/true"], [])), None, null, null).run()
            assert code == 0, code
        os.close(null)
        eventually(lambda: _open_in(monitor) == before[0], _PATIENCE, every=0.1)
        after = _open_in(monitor), _memory(monitor, "Pss")
        _say(f"  its monitor: descriptors and kB before {before}, after {after}")
        self.left += before[0] != after[0]
        self.containers.remove(made, force=True)

    def burst(self, megabytes: int) -> None:
        """A flood of numbered lines into a rotated log, followed by `lamina logs -f`; none may be missing."""
        lines = megabytes << 20 >> 10
        script = f'BEGIN {{ for (i = 0; i < {lines}; i++) printf "%0{_LINE}d\\n", i }}'
        limits = LogLimits(20 << 20, megabytes // 20 + 10)  # room for all of it, with what JSON adds
        made = self._run("awk", script, log=limits)
        monitor = self.rooms.kept.state(self.rooms.kept.records.find(made)).monitor.pid
        words = [sys.executable, "-m", "engine.cli", "--root", str(self.root), "logs", "-f", made]
        most_monitor = most_follower = seen = 0
        with subprocess.Popen(words, stdout=subprocess.PIPE) as follower:
            assert follower.stdout is not None
            for line in follower.stdout:
                assert int(line) == seen, (line[-20:], seen)
                seen += 1
                if seen % 10_000 == 0:
                    most_monitor = max(most_monitor, _memory(monitor, "Rss"))
                    most_follower = max(most_follower, _memory(follower.pid, "Rss"))
        kept = sum(1 for line in self._kept_lines(made))
        _say(
            f"  of {lines} lines {seen} followed, {kept} kept; "
            f"most memory: monitor {most_monitor} kB, follower {most_follower} kB"
        )
        self.left += (seen, kept) != (lines, lines)
        self.containers.remove(made, force=True)

    def _kept_lines(self, name: str) -> Iterator[str]:
        reader = self.containers.logs(name)
        while lines := reader.read():
            yield from (line.text for line in lines)
        reader.close()

    def _run(self, *command: str, log: LogLimits = LogLimits()) -> str:  # noqa: B008 - it cannot change
        made = self.containers.create(ContainerOptions(_IMAGE, command, log=log))
        self.containers.start(made.id)
        return made.id


def _timed(what: str, work: Callable[[], object]) -> None:
    began = time.monotonic()
    found = work()
    _say(f"  {what}: {(time.monotonic() - began) * 1000:.0f} ms ({found})")


def _memory(pid: int, field: str) -> int:
    """kB of a process; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{field}:")), 0)


def _open_in(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def _leave_network() -> None:
    """Go to a network namespace where everything is this program's: others change the host's meanwhile."""
    syscalls.unshare(syscalls.CLONE_NEWNET)
    with Routing() as routing:
        routing.set_up(1)  # lo, always the first


def main() -> int:
    """Run the parts that were asked for; 1 when anything is left."""
    parser = argparse.ArgumentParser(description="Containers at scale, and nothing of them left.")
    for name, usual in (
        ("cycles", 1000),
        ("at-once", 50),
        ("many", 200),
        ("execs", 5000),
        ("megabytes", 1024),
    ):
        parser.add_argument(
            f"--{name}", type=int, default=usual, help=f"{usual} unless said; 0 leaves it out"
        )
    asked = parser.parse_args()
    _leave_network()
    with lab_house() as lamina:
        soak = Soak(lamina.root)
        for number in range(2):
            soak.cycle(number)  # what is made once for a store: filters, directories, connections
        if asked.cycles:
            with soak.part("create, start, stop, rm", asked.cycles):
                for number in range(asked.cycles):
                    soak.cycle(number)
        if asked.at_once:
            with soak.part("the same, all at once", asked.at_once), ThreadPoolExecutor(asked.at_once) as pool:
                list(pool.map(soak.cycle, range(asked.at_once)))
        for name, number, work in (
            ("running at once", asked.many, soak.many),
            ("exec", asked.execs, soak.execs),
            ("megabytes of log", asked.megabytes, soak.burst),
        ):
            if number:
                with soak.part(name, number):
                    work(number)
        return min(1, soak.left)


if __name__ == "__main__":
    sys.exit(main())
