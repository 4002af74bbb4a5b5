"""The workstation through a pseudo-terminal: until it stands, at rest, and how soon it answers keys."""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from bench.process import PAGE, command_environment
from engine.containers.models import ContainerOptions
from engine.rooms import Rooms
from engine.settings import load_settings
from scripts.terminal import Terminal

_IMAGE = "lab/base"
_RUNNING = 20
_SIZE = (160, 45)
_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 1.0  # seconds for an answer to a key
_A_CHANGE = 40  # bytes; fewer are of the cursor
_ASLEEP = ("sleep", "100000")
# Some percent of a processor, differing from second to second, as of services that are used.
_AT_WORK = (
    "awk",
    'BEGIN { srand(); while (1) { n = rand() * 600000; for (i = 0; i < n; i++) x += i; system("sleep 1") } }',
)
# 5,000 lines a second, in ten portions.
_LINE = "a line of a log that is in a hurry"
_FLOOD = (
    "awk",
    f'BEGIN {{ while (1) {{ for (i = 0; i < 500; i++) print ++n, "{_LINE}"; system("sleep 0.1") }} }}',
)
# Each of these shows at once, also where figures change: what changed nothing would be taken for answered by
# the next figure, or by the next lines of a log.
_MOVES = tuple("31jk2jjjk3jk4][1Gg2k") * 2
_IN_LOG = tuple("kjGC24kGCC") * 4


@dataclass(frozen=True, slots=True)
class Look:
    """One workstation, measured; times by the clock, and of a processor, which a busy machine disturbs less.

    :param ready: seconds from its start until its lists stand, both ways; the medians of five.
    :param rest: share of one processor at rest, of all its processes; :param written: bytes a second to the
        terminal meanwhile.
    :param keys: seconds to the first change after a key, in order; None where nothing changed.
    :param work: seconds of processor for a key, all that follows it included; the mean.
    :param memory: resident bytes after rest; :param grown: by how many more after all keys.
    """

    ready: tuple[float, float]
    rest: float
    written: float
    keys: tuple[float | None, ...]
    work: float
    memory: int
    grown: int

    def lines(self) -> Iterator[str]:
        """As people read them."""
        answered = sorted(key for key in self.keys if key is not None)
        p95 = answered[int(len(answered) * 0.95)]
        yield f"ready in {self.ready[0] * 1e3:.0f} ms, of a processor {self.ready[1] * 1e3:.0f} ms"
        yield f"at rest {self.rest * 100:.2f} % of a processor, {self.written:.0f} bytes/s to the terminal"
        yield (
            f"keys answered in {statistics.median(answered) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms"
            f" ({len(answered)} of {len(self.keys)}), {self.work * 1e3:.0f} ms of a processor each"
        )
        yield f"memory {self.memory / 1e6:.0f} MB, after all keys {self.grown / 1e6:+.1f} MB"


def report(rest: float, lamina: Path) -> Iterator[str]:
    """Measure workstations over stores of growing size; gives lines as they are known.

    :param rest: seconds that each is watched at rest; :param lamina: the program.
    """
    yield f"the workstation at {_SIZE[0]}×{_SIZE[1]}; load of the machine {os.getloadavg()[0]:.1f}"
    with _store(lamina) as root:
        store = _Filled(root)
        store.import_images(9)
        names = store.run(_ASLEEP, _RUNNING)
        yield from _told("20 containers asleep, 10 images", _look(lamina, root, rest, _MOVES))
        store.create(500)
        store.import_images(90)
        yield from _told("and 500 that do not run, 100 images", _look(lamina, root, rest, _MOVES))
        store.remove(names)
        names = store.run(_AT_WORK, _RUNNING)
        yield from _told("the same, but all 20 at work", _look(lamina, root, rest, _MOVES))
        store.remove(names[:1])
        store.run(_FLOOD, 1, "flood")
        yield from _told("and a log of 5,000 lines/s on screen", _look(lamina, root, rest, _IN_LOG, "flood"))


def _told(title: str, look: Look) -> Iterator[str]:
    yield title
    yield from (f"  {line}" for line in look.lines())


@contextmanager
def _store(lamina: Path) -> Iterator[Path]:
    """A store with the lab's base image, and nothing of it left."""
    with TemporaryDirectory(prefix="lamina-bench-", dir="/var/tmp") as root:
        # What people set and what their screen remembers is not what is measured.
        os.environ |= {"XDG_STATE_HOME": f"{root}/screen", "LAMINA_CONFIG": f"{root}/config"}

        def run(*words: str) -> None:
            command = [str(lamina), "--root", root, *words]
            subprocess.run(command, check=True, capture_output=True, env=command_environment({}))

        run("lab", "up")
        run("pull", "-q", _IMAGE)
        run("lab", "down")
        try:
            yield Path(root)
        finally:
            store = _Filled(Path(root))
            store.remove([made.id for made in store.rooms.containers.list()])


class _Filled:
    """A store that is filled from inside, because a command for each would take minutes."""

    def __init__(self, root: Path) -> None:
        self.rooms = Rooms(load_settings(root))
        self._images = len(self.rooms.images.list())

    def import_images(self, number: int) -> None:
        """So many more images, of one layer each."""
        for count in range(self._images, self._images + number):
            with _archive(f"file-{count}", count * 1000) as archive:
                asyncio.run(self.rooms.images.import_archive(archive, f"app-{count}:1"))
        self._images += number

    def create(self, number: int) -> None:
        """So many containers, none of them started."""
        for _ in range(number):
            self.rooms.containers.create(ContainerOptions(_IMAGE, _ASLEEP, network="none"))

    def run(self, command: tuple[str, ...], number: int, name: str = "") -> list[str]:
        """So many containers that run a command; gives their ids."""
        options = ContainerOptions(_IMAGE, command, name=name, network="none", stop_signal="KILL")
        made = [self.rooms.containers.create(options) for _ in range(number)]
        for one in made:
            self.rooms.containers.start(one.id)
        return [one.id for one in made]

    def remove(self, names: list[str]) -> None:
        """Remove containers, running or not."""
        for name in names:
            self.rooms.containers.remove(name, force=True)


@contextmanager
def _archive(name: str, size: int) -> Iterator[int]:
    """A descriptor of an archive with one file of zeros."""
    with TemporaryFile() as found:
        with tarfile.open(fileobj=found, mode="w") as archive:
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(bytes(size)))
        found.seek(0)
        yield found.fileno()


def _look(lamina: Path, root: Path, rest: float, keys: tuple[str, ...], log: str = "") -> Look:
    command = [str(lamina), "--root", str(root)]
    starts = [_until_ready(command) for _ in range(5)]
    ready = statistics.median(clock for clock, _ in starts), statistics.median(used for _, used in starts)
    with Terminal(command, *_SIZE) as screen:
        screen.until(f"{_RUNNING} running")
        if log:
            screen.press("2", "/", *log, "enter", "l")
            screen.until(_LINE)
        _let(screen, 6.0)  # modules that are loaded ahead, the first figures
        used, written, began = _processor(screen.pid), screen.written, time.monotonic()
        _let(screen, rest)
        lasted = time.monotonic() - began
        share, written = (_processor(screen.pid) - used) / lasted, screen.written - written
        memory, used = _resident(screen.pid), _processor(screen.pid)
        began = time.monotonic()
        answers = tuple(_answer(screen, key) for key in keys)
        work = _processor(screen.pid) - used - share * (time.monotonic() - began)
        grown = _resident(screen.pid) - memory
        return Look(ready, share, written / lasted, answers, max(0.0, work / len(keys)), memory, grown)


def _until_ready(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock, and of a processor."""
    began = time.monotonic()
    with Terminal(command, *_SIZE) as screen:
        screen.until(f"{_RUNNING} running")
        return time.monotonic() - began, _processor(screen.pid)


def _let(screen: Terminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        screen.feed(min(left, 0.1))


def _answer(screen: Terminal, key: str) -> float | None:
    """Seconds until the screen shows something else, be it another colour: what that takes to say."""
    text, written, began = screen.text, screen.written, time.monotonic()
    screen.strike(key)
    while time.monotonic() - began < _PATIENCE:
        screen.feed(0.05)
        if screen.text != text or screen.written - written > _A_CHANGE:
            answered = time.monotonic() - began
            screen.settle(quiet=0.15, longest=0.5)
            return answered
    return None


def _tree(root: int) -> list[int]:
    """A process and those it started that ended with it: monitors are nobody's."""
    found = [root]
    for task in Path(f"/proc/{root}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _tree(int(child))
    return found


def _processor(root: int) -> float:
    """Seconds of processor time of the tree (proc_pid_stat(5): utime and stime)."""
    ticks = 0
    for pid in _tree(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def _resident(root: int) -> int:
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in _tree(root))
