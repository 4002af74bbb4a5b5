"""What is remembered of what containers used."""

from __future__ import annotations

from engine.containers.models import Status
from engine.runtime.usage import ContainerStats, Traffic
from tests.tui.fake import container
from tests.tui.fake_running import sample
from tui.history import Histories, History

_ITEM = container("pg1", "postgres:15", Status.RUNNING)


def _after(*samples: ContainerStats) -> History:
    histories = Histories()
    for stats in samples:
        histories.take([stats])
    found = histories.of(_ITEM.id)
    assert found is not None
    return found


def test_rates_are_since_the_sample_before() -> None:
    first, second = sample(_ITEM, 0), sample(_ITEM, 1)
    history = _after(first._replace(network=Traffic(0, 0)), second._replace(network=Traffic(3000, 500)))
    assert (history.moments()[1].received, history.moments()[1].sent) == (1500, 250)


def test_counters_that_began_anew_give_no_rate() -> None:
    first, second = sample(_ITEM, 0), sample(_ITEM, 1)
    history = _after(first._replace(network=Traffic(9000, 9000)), second._replace(network=Traffic(5, 5)))
    assert history.moments()[1].received is None


def test_what_lies_long_before_is_another_story() -> None:
    history = _after(sample(_ITEM, 0), sample(_ITEM, 100))
    assert len(history.moments()) == 1
    assert history.began == history.last.time


def test_only_the_last_ten_minutes_are_kept_and_the_beginning_stays() -> None:
    history = _after(*(sample(_ITEM, moment) for moment in range(400)))
    assert len(history.moments()) == 300
    assert history.began == sample(_ITEM, 0).time


def test_who_runs_no_longer_is_forgotten() -> None:
    histories = Histories()
    histories.take([sample(_ITEM, 0)])
    histories.take([])
    assert histories.of(_ITEM.id) is None
