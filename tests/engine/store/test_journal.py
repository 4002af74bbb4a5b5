import json
import subprocess
import sys

import pytest

from engine.events import Event
from engine.store import Journal, Layout
from engine.store.journal import LONGEST_LINE

APPEND = """
import sys
from pathlib import Path
from engine.events import Event
from engine.store import Journal, Layout
journal = Journal(Layout(Path(sys.argv[1]), Path(sys.argv[1])), rotate_at=1 << 30)
for number in range(200):
    journal.append(Event(number, "image", "pull", sys.argv[2], {"number": str(number)}))
"""


def event(time: float, **attributes: str) -> Event:
    return Event(time, "container", "start", "c" * 64, attributes)


@pytest.fixture
def journal(layout: Layout) -> Journal:
    return Journal(layout)


def test_events_come_back_as_they_went_in(journal: Journal) -> None:
    events = [event(1.5, name="ä\n\x1b[31m"), event(2.0)]
    for one in events:
        journal.append(one)
    assert list(journal.read()) == events


def test_since_leaves_out_what_is_earlier(journal: Journal) -> None:
    for time in (1.0, 2.0, 3.0):
        journal.append(event(time))
    assert [one.time for one in journal.read(since=2.0)] == [2.0, 3.0]


def test_a_store_without_events_has_none(journal: Journal) -> None:
    assert list(journal.read()) == []


def test_a_torn_last_line_is_skipped_and_the_next_event_is_whole(journal: Journal, layout: Layout) -> None:
    journal.append(event(1.0))
    with layout.journal.open("ab") as file:
        file.write(b'{"time":2.0,"kind":"conta')
    journal.append(event(3.0))
    assert [one.time for one in journal.read()] == [1.0, 3.0]


@pytest.mark.parametrize(
    "line", [b"[]", b"null", b'{"time":"x"}', b"\xff\xfe", b"[" * 5000, b'{"time":1,"kind":"bomb"}', b""]
)
def test_lines_that_are_no_events_are_skipped(journal: Journal, layout: Layout, line: bytes) -> None:
    layout.journal.write_bytes(line + b"\n")
    journal.append(event(1.0))
    assert list(journal.read()) == [event(1.0)]


def test_a_huge_attribute_is_cut(journal: Journal, layout: Layout) -> None:
    journal.append(event(1.0, **{f"k{number}": "x" * 100_000 for number in range(100)}))
    assert layout.journal.stat().st_size <= LONGEST_LINE
    assert len(list(journal.read())) == 1


def test_rotation_keeps_one_older_file_and_reading_goes_over_both(layout: Layout) -> None:
    journal = Journal(layout, rotate_at=1000)
    for time in range(100):
        journal.append(event(float(time)))
    times = [one.time for one in journal.read()]
    assert times == [float(time) for time in range(int(times[0]), 100)]
    assert 5 < len(times) < 100


def test_reading_on_from_a_place_gives_only_what_is_new(journal: Journal) -> None:
    journal.append(event(1.0))
    place = journal.end()
    journal.append(event(2.0))
    events, place = journal.read_from(place)
    assert [one.time for one in events] == [2.0]
    assert journal.read_from(place) == ([], place)


def test_reading_on_before_the_first_event_ever_misses_nothing(journal: Journal) -> None:
    place = journal.end()
    journal.append(event(1.0))
    assert [one.time for one in journal.read_from(place)[0]] == [1.0]


def test_reading_on_follows_over_a_rotation(layout: Layout) -> None:
    journal = Journal(layout, rotate_at=400)
    place = journal.end()
    seen: list[float] = []
    for time in range(20):
        journal.append(event(float(time)))
        events, place = journal.read_from(place)
        seen += [one.time for one in events]
    assert seen == [float(time) for time in range(20)]


def test_half_a_line_is_left_for_the_next_look(journal: Journal, layout: Layout) -> None:
    place = journal.end()
    document = {"time": 1.0, "kind": "lab", "action": "up", "id": "", "attributes": {}}
    line = json.dumps(document).encode() + b"\n"
    with layout.journal.open("ab", buffering=0) as file:
        place = journal.read_from(place)[1]
        file.write(line[:20])
        events, place = journal.read_from(place)
        assert events == []
        file.write(line[20:])
    assert [one.time for one in journal.read_from(place)[0]] == [1.0]


def test_several_processes_append_at_once_and_no_line_is_lost(layout: Layout) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", APPEND, layout.root, str(number)]) for number in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    seen = [(one.id, one.attributes["number"]) for one in Journal(layout).read()]
    assert len(seen) == len(set(seen)) == 600


def test_reading_from_the_start_goes_over_both_files(layout: Layout) -> None:
    journal = Journal(layout, rotate_at=1000)
    for time in range(12):
        journal.append(event(float(time)))
    assert journal.read_from(journal.start())[0] == list(journal.read())


def test_an_event_that_the_disk_refuses_fails_nobody(journal: Journal, layout: Layout) -> None:
    layout.journal.mkdir()
    journal.append(event(1.0))
    layout.journal.rmdir()
    assert list(journal.read()) == []
