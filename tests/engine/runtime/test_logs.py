"""Reading a log from its end, onwards, and while it grows."""

import json
import select
import subprocess
from pathlib import Path

import pytest

from engine.launch.log import LONGEST, Log
from engine.launch.state import boot_id, start_time
from engine.runtime.log_records import LONGEST_JOINED
from engine.runtime.logs import LogReader
from engine.runtime.models import WHOLE_LOG, LogRange


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(str(tmp_path / "container.log"))


def _texts(reader: LogReader) -> list[str]:
    return [line.text for line in reader.read()]


def _all(directory: Path, part: LogRange = WHOLE_LOG) -> list[str]:
    """All that a reader gives until it is through."""
    texts: list[str] = []
    with LogReader(directory, part) as reader:
        while found := _texts(reader):
            texts += found
    return texts


@pytest.mark.parametrize("count", [0, 1, 3, 499, 500, 501])
def test_the_last_lines_are_found_from_the_end(log: Log, tmp_path: Path, count: int) -> None:
    log.write("stdout", b"".join(b"line %d %s\n" % (n, b"x" * 300) for n in range(500)))
    found = _all(tmp_path, LogRange(tail=count))
    assert [text.split()[1] for text in found] == [str(n) for n in range(max(0, 500 - count), 500)]


def test_what_comes_later_is_read_later(log: Log, tmp_path: Path) -> None:
    log.write("stdout", b"one\n")
    with LogReader(tmp_path) as reader:
        assert _texts(reader) == ["one"]
        assert _texts(reader) == []
        log.write("stderr", b"two\n")
        assert select.select([reader.fileno()], [], [], 5)[0]
        assert _texts(reader) == ["two"]


def test_a_line_waits_for_its_end(log: Log, tmp_path: Path) -> None:
    log.write("stdout", b"hal")
    with LogReader(tmp_path) as reader:
        assert _texts(reader) == []
        log.write("stdout", b"f\n")
        assert _texts(reader) == ["half"]


def test_a_long_line_lies_in_pieces_and_is_read_as_one(log: Log, tmp_path: Path) -> None:
    text = "€" * LONGEST
    log.write("stdout", f"{text}\n".encode())
    records = [json.loads(line) for line in (tmp_path / "container.log").read_bytes().splitlines()]
    assert all(len(record["text"].encode()) <= LONGEST for record in records)
    assert [record.get("partial", False) for record in records] == [True, True, True, False]
    with LogReader(tmp_path) as reader:
        (line,) = reader.read()
    assert (line.text, line.partial) == (text, False)


def test_pieces_of_two_streams_are_joined_each_with_its_own(log: Log, tmp_path: Path) -> None:
    for stream in ("stdout", "stderr"):
        log.write(stream, stream.encode() + b"x" * LONGEST)
    log.write("stderr", b"!\n")
    log.write("stdout", b"?\n")
    with LogReader(tmp_path) as reader:
        found = [(line.stream, line.text[:6], line.text[-1], line.partial) for line in reader.read()]
    assert found == [("stderr", "stderr", "!", False), ("stdout", "stdout", "?", False)]


def test_a_line_of_megabytes_is_joined_only_so_far(log: Log, tmp_path: Path) -> None:
    data = b"y" * (5 * LONGEST_JOINED // 2)
    log.write("stdout", data + b"\n")
    lines = []
    with LogReader(tmp_path) as reader:
        while found := reader.read():
            lines += found
    assert [line.partial for line in lines] == [True, True, False]
    assert "".join(line.text for line in lines).encode() == data


def test_a_line_in_pieces_counts_as_one_from_the_end(log: Log, tmp_path: Path) -> None:
    for letter in b"abc":
        log.write("stdout", bytes([letter]) * (2 * LONGEST) + b"\n")
    assert [text[0] for text in _all(tmp_path, LogRange(tail=2))] == ["b", "c"]


@pytest.mark.parametrize(
    "data",
    [
        bytes(100_000),
        bytes(range(256)) * 400,
        "ж".encode() * 50_000,
        b"\xe9t\xe9 " * 20_000,
        b"\x1b[0m" * 9999,
    ],
    ids=["zeros", "all bytes", "cyrillic", "latin-1", "colours"],
)
def test_what_json_would_blow_up_is_kept_small_and_whole(data: bytes, log: Log, tmp_path: Path) -> None:
    log.write("stdout", data + b"\n")
    assert (tmp_path / "container.log").stat().st_size < 2.2 * len(data) + 4096
    read = "\n".join(_all(tmp_path)).encode("utf-8", "surrogateescape")
    assert read == data


def test_a_line_without_an_end_is_written_when_the_log_closes(log: Log, tmp_path: Path) -> None:
    log.write("stdout", b"bye")
    log.close()
    with LogReader(tmp_path) as reader:
        (line,) = reader.read()
        assert (line.text, line.partial) == ("bye", True)
        assert reader.ended


def test_a_record_cut_short_is_passed_over(tmp_path: Path) -> None:
    good = json.dumps({"time": 1.0, "stream": "stdout", "text": "good"})
    (tmp_path / "container.log").write_text(f'{{"time":1.0,"str\n{good}\n')
    with LogReader(tmp_path) as reader:
        assert _texts(reader) == ["good"]


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    with LogReader(tmp_path) as reader:
        assert reader.read() == []


def test_the_end_of_a_monitor_that_wrote_no_last_word_wakes(log: Log, tmp_path: Path) -> None:
    log.write("stdout", b"one\n")
    with subprocess.Popen(["sleep", "60"]) as monitor:
        fields = {"status": "running", "boot": boot_id(), "pid": 0, "pid_start": 0, "started": 0.0}
        fields |= {"monitor": monitor.pid, "monitor_start": start_time(monitor.pid)}
        fields |= {"finished": None, "exit_code": None, "error": ""}
        (tmp_path / "state").write_text(json.dumps(fields))
        with LogReader(tmp_path) as reader:
            assert _texts(reader) == ["one"]
            assert not reader.ended
            assert _texts(reader) == []
            monitor.kill()
            assert select.select([reader.fileno()], [], [], 5)[0]
            assert reader.ended
