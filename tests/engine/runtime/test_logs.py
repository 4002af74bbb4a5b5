"""Reading a log from its end, onwards, and while it grows."""

import json
import select
import subprocess
from pathlib import Path

import pytest

from engine.launch.log import LONGEST, Log
from engine.launch.state import boot_id, start_time
from engine.runtime.logs import LogReader


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(str(tmp_path / "container.log"))


def _texts(reader: LogReader, tail: int | None = None) -> list[str]:
    return [line.text for line in reader.read(tail)]


@pytest.mark.parametrize("count", [0, 1, 3, 499, 500, 501])
def test_the_last_lines_are_found_from_the_end(log: Log, tmp_path: Path, count: int) -> None:
    log.write("stdout", b"".join(b"line %d %s\n" % (n, b"x" * 300) for n in range(500)))
    with LogReader(tmp_path) as reader:
        found = _texts(reader, count)
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


def test_a_very_long_line_comes_in_pieces(log: Log, tmp_path: Path) -> None:
    log.write("stdout", b"x" * (LONGEST + 5) + b"\n")
    with LogReader(tmp_path) as reader:
        first, second = reader.read()
    assert (len(first.text), first.partial) == (LONGEST, True)
    assert (len(second.text), second.partial) == (5, False)


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
