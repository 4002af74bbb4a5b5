"""Events reach whoever follows, over rotations, without polling."""

from __future__ import annotations

import asyncio
import select

import pytest

from engine.events import Event
from engine.follow import JournalFollower, follow_journal
from engine.settings import Settings
from engine.store.journal import Journal
from engine.store.layout import Layout

PATIENCE = 60  # seconds


@pytest.fixture
def layout(settings: Settings) -> Layout:
    layout = Layout.of(settings)
    layout.create()
    return layout


def event(number: int) -> Event:
    return Event(float(number), "lab", "up", str(number))


def arrived(follower: JournalFollower) -> list[str]:
    """Ids of the next events, waited for as a program does."""
    assert select.select([follower], [], [], PATIENCE)[0], "nothing was told"
    return [found.id for found in follower.read()]


def test_only_what_happens_from_now_on_is_told(layout: Layout) -> None:
    journal = Journal(layout)
    journal.append(event(1))
    with JournalFollower(layout, journal) as follower:
        journal.append(event(2))
        assert arrived(follower) == ["2"]


def test_follower_wakes_for_the_first_event_of_a_store(layout: Layout) -> None:
    with JournalFollower(layout, Journal(layout)) as follower:
        Journal(layout).append(event(1))
        found = arrived(follower)
        # The file was made and then written: the first wake-up may come between the two.
        assert (found or arrived(follower)) == ["1"]


def test_each_event_is_told_once_over_rotations(layout: Layout) -> None:
    journal = Journal(layout, rotate_at=200)
    told: list[str] = []
    with JournalFollower(layout, journal) as follower:
        for number in range(12):
            journal.append(event(number))
            while len(told) <= number:
                told += arrived(follower)
    assert told == [str(number) for number in range(12)]


def test_since_begins_in_the_past_and_goes_on(layout: Layout) -> None:
    journal = Journal(layout, rotate_at=150)
    for number in range(4):
        journal.append(event(number))
    with JournalFollower(layout, journal, since=2.0) as follower:
        assert [found.id for found in follower.read()] == ["2", "3"]
        journal.append(event(4))
        assert arrived(follower) == ["4"]


def test_quiet_store_wakes_nobody(layout: Layout) -> None:
    with JournalFollower(layout, Journal(layout)) as follower:
        follower.read()
        assert select.select([follower], [], [], 0)[0] == []


async def test_other_front_is_heard_in_the_event_loop(layout: Layout) -> None:
    journal = Journal(layout)
    events = follow_journal(layout, journal, None, follow=True)
    pending = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        while not pending.done():
            await asyncio.to_thread(journal.append, event(7))
            await asyncio.wait([pending], timeout=0.05)
    assert pending.result().id == "7"
    await events.aclose()


async def test_without_following_the_events_end(layout: Layout) -> None:
    journal = Journal(layout)
    journal.append(event(1))
    assert [found.id async for found in follow_journal(layout, journal, 0.0, follow=False)] == ["1"]
