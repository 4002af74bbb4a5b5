"""A log over several files: order, limits, seeking, following, full disks, killed writers."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from engine.launch.log import Log, Rotation
from engine.runtime.logs import LogReader
from engine.runtime.models import WHOLE_LOG, LogLine, LogRange
from tests.support.waiting import eventually


def _log(directory: Path, size: int = 2000, files: int = 1000) -> Log:
    return Log(str(directory / "container.log"), Rotation(size, files))


def _read(directory: Path, part: LogRange = WHOLE_LOG) -> list[LogLine]:
    lines: list[LogLine] = []
    with LogReader(directory, part) as reader:
        while found := reader.read():
            lines += found
    return lines


def _numbers(directory: Path, part: LogRange = WHOLE_LOG) -> list[int]:
    return [int(line.text) for line in _read(directory, part)]


def _write_numbers(log: Log, count: int) -> None:
    for number in range(count):
        log.write("stdout", b"%d\n" % number)


def _timed(directory: Path, count: int, files: int) -> None:
    """A log of `count` lines, one a second from second 1000 on, in several files."""
    per_file = -(-count // files)
    for file in range(files):
        numbers = range(file * per_file, min(count, (file + 1) * per_file))
        name = "container.log" if file == files - 1 else f"container.log.{file + 7}"
        (directory / name).write_text(
            "".join(f'{{"time":{1000 + n}.000000,"stream":"stdout","text":"{n}"}}\n' for n in numbers)
        )


def test_lines_are_in_order_over_all_files(tmp_path: Path) -> None:
    _write_numbers(_log(tmp_path), 500)
    assert len(list(tmp_path.iterdir())) > 10
    assert _numbers(tmp_path) == list(range(500))


def test_files_are_no_larger_and_no_more_than_was_said(tmp_path: Path) -> None:
    log = _log(tmp_path, size=2000, files=3)
    log.write("stdout", b"".join(b"%d\n" % number for number in range(5000)))
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 3
    assert max(sizes) <= 2000
    assert _numbers(tmp_path)[-1] == 4999


def test_a_record_above_the_limit_stands_alone_and_whole(tmp_path: Path) -> None:
    log = _log(tmp_path, size=2000)
    for letter in ("a", "b"):
        log.write("stdout", letter.encode() * 5000 + b"\n")
    assert [(line.text[0], len(line.text)) for line in _read(tmp_path)] == [("a", 5000), ("b", 5000)]


def test_one_file_keeps_only_the_newest(tmp_path: Path) -> None:
    _write_numbers(_log(tmp_path, size=1000, files=1), 500)
    assert [path.name for path in tmp_path.iterdir()] == ["container.log"]
    assert _numbers(tmp_path)[-1] == 499


def test_the_next_run_goes_on_with_the_numbers(tmp_path: Path) -> None:
    first = _log(tmp_path)
    _write_numbers(first, 100)
    first.close()
    second = _log(tmp_path)
    second.write("stdout", b"".join(b"%d\n" % number for number in range(100, 300)))
    assert _numbers(tmp_path) == list(range(300))


@pytest.mark.parametrize("count", [0, 1, 2, 49, 50, 51, 52, 499, 500, 501])
def test_the_last_lines_are_found_over_files(tmp_path: Path, count: int) -> None:
    _timed(tmp_path, 500, 10)
    assert _numbers(tmp_path, LogRange(tail=count)) == list(range(max(0, 500 - count), 500))


@pytest.mark.parametrize("since", [0.0, 999.5, 1000.0, 1000.5, 1049.0, 1050.0, 1259.5, 1499.0, 1499.5, 9e9])
def test_since_begins_with_the_moment(tmp_path: Path, since: float) -> None:
    _timed(tmp_path, 500, 10)
    assert _numbers(tmp_path, LogRange(since=since)) == [n for n in range(500) if 1000 + n >= since]


@pytest.mark.parametrize("until", [0.0, 1000.0, 1000.5, 1049.0, 1050.0, 1259.5, 1499.0, 9e9])
def test_until_ends_with_the_moment(tmp_path: Path, until: float) -> None:
    _timed(tmp_path, 500, 10)
    expected = [n for n in range(500) if 1000 + n <= until]
    assert _numbers(tmp_path, LogRange(until=until)) == expected
    assert _numbers(tmp_path, LogRange(tail=3, until=until)) == expected[-3:]


def test_tail_and_since_give_what_both_allow(tmp_path: Path) -> None:
    _timed(tmp_path, 500, 10)
    assert _numbers(tmp_path, LogRange(tail=3, since=1400.0)) == [497, 498, 499]
    assert _numbers(tmp_path, LogRange(tail=300, since=1498.0)) == [498, 499]


def test_a_place_in_a_large_log_is_found_without_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _timed(tmp_path, 200_000, 1)
    real, seen = os.pread, []

    def counting(fd: int, length: int, offset: int) -> bytes:
        data = real(fd, length, offset)
        seen.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counting)
    with LogReader(tmp_path, LogRange(since=200_990.0)) as reader:
        assert [line.text for line in reader.read()] == [str(n) for n in range(199_990, 200_000)]
    assert sum(seen) < (tmp_path / "container.log").stat().st_size / 3


def test_a_follower_loses_nothing_over_rotations(tmp_path: Path) -> None:
    log = _log(tmp_path, size=3000)
    seen: list[int] = []
    with LogReader(tmp_path) as reader:
        for number in range(1000):
            log.write("stdout", b"%d\n" % number)
            if number % 37 == 0:
                assert select.select([reader], [], [], 5)[0]
                seen += [int(line.text) for line in reader.read()]
        while lines := reader.read():
            seen += [int(line.text) for line in lines]
    assert seen == list(range(1000))


def test_a_follower_that_is_too_slow_is_told_that_lines_are_missing(tmp_path: Path) -> None:
    log = _log(tmp_path, size=1000, files=2)
    log.write("stdout", b"0\n")
    with LogReader(tmp_path) as reader:
        assert [line.text for line in reader.read()] == ["0"]
        _write_numbers(log, 500)
        lines: list[LogLine] = []
        while found := reader.read():
            lines += found
    gaps = [line for line in lines if line.dropped]
    assert [gap.dropped for gap in gaps] == [-1]
    numbers = [int(line.text) for line in lines[lines.index(gaps[0]) + 1 :]]
    assert numbers == list(range(numbers[0], 500))


def test_a_flood_is_read_whole_while_another_process_rotates(tmp_path: Path) -> None:
    """Files move on beneath a reader at any moment."""
    count = 60_000
    script = (
        "from engine.launch.log import Log, Rotation\n"
        f"log = Log({str(tmp_path / 'container.log')!r}, Rotation(20_000, 100_000))\n"
        f"for n in range(0, {count}, 50):\n"
        "    log.write('stdout', b''.join(b'%d\\n' % i for i in range(n, n + 50)))\n"
    )
    seen: list[int] = []
    with LogReader(tmp_path) as reader, subprocess.Popen([sys.executable, "-c", script]) as writer:
        while len(seen) < count:
            lines = reader.read()
            seen += [int(line.text) for line in lines]
            if not lines:
                assert select.select([reader], [], [], 20)[0]
        assert writer.wait() == 0
    assert seen == list(range(count))


def test_a_writer_killed_at_any_moment_leaves_files_that_the_next_one_continues(tmp_path: Path) -> None:
    script = (
        "import itertools; from engine.launch.log import Log, Rotation\n"
        f"log = Log({str(tmp_path / 'container.log')!r}, Rotation(300, 5))\n"
        "for n in itertools.count(): log.write('stdout', b'%d\\n' % n)"
    )
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", script]) as writer:
            assert eventually(lambda: any(tmp_path.iterdir()), every=0.001)
            writer.kill()
        numbers = _numbers(tmp_path)
        runs = [0, *(i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1] + 1), len(numbers)]
        assert all(numbers[start] == 0 for start in runs[1:-1]), numbers  # only a new run begins anew
    log = _log(tmp_path, size=300, files=5)
    log.write("stdout", b"7\n" * 100)
    assert len(list(tmp_path.iterdir())) <= 5
    assert _numbers(tmp_path)[-1] == 7


@pytest.mark.parametrize("moment", ["renamed", "opened"])
def test_a_rotation_cut_short_between_its_steps_is_finished_by_the_next_run(
    tmp_path: Path, moment: str
) -> None:
    _write_numbers(_log(tmp_path, size=1000, files=3), 100)
    before = _numbers(tmp_path)
    present = tmp_path / "container.log"
    newest = max(int(path.suffix[1:]) for path in tmp_path.iterdir() if path != present)
    present.rename(tmp_path / f"container.log.{newest + 1}")
    if moment == "opened":
        present.touch()
    assert _numbers(tmp_path) == before
    log = _log(tmp_path, size=1000, files=3)
    log.write("stdout", b"100\n")
    assert len(list(tmp_path.iterdir())) <= 3
    assert _numbers(tmp_path)[-2:] == [99, 100]


def test_a_torn_record_costs_nothing_that_comes_after_it(tmp_path: Path) -> None:
    _write_numbers(log := _log(tmp_path), 5)
    log.close()
    with (tmp_path / "container.log").open("ab") as file:
        file.write(b'{"time":1.0,"stre')
    _log(tmp_path).write("stdout", b"5\n")
    assert _numbers(tmp_path) == [0, 1, 2, 3, 4, 5]


FULL_DISK = """
import os, pathlib, subprocess, sys
from engine.launch.log import Log, Rotation
from engine.runtime.logs import LogReader
disk = pathlib.Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
log = Log(str(disk / "container.log"), Rotation(0, 1))
ballast = disk / "ballast"
ballast.write_bytes(bytes(40_000))
for number in range(2000):
    log.write("stdout", b"%d %s\\n" % (number, b"x" * 50))
ballast.unlink()
log.write("stderr", b"after\\n")
with LogReader(disk) as reader:
    for line in reader.read():
        print(line.stream, line.dropped, line.text)
"""


@pytest.mark.system
@pytest.mark.usefixtures("requires_root")
def test_a_full_disk_drops_lines_and_says_so(tmp_path: Path) -> None:
    words = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
    kept = [line for line in lines if line[0] == "stdout"]
    (told,) = [line for line in lines if line[1] != "0"]
    assert 0 < len(kept) < 2000
    assert int(told[1]) == 2000 - len(kept)
    assert "No space left" in told[2]
    assert lines[-1] == ["stderr", "0", "after"]
