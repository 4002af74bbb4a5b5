from engine.images.models import LayerProgress, LayerState
from engine.images.progress import Meter


def test_every_change_of_state_is_told_once() -> None:
    told: list[LayerProgress] = []
    meter = Meter((1,), 100, told.append)
    for state in (LayerState.WAITING, LayerState.WAITING, LayerState.DOWNLOADING, LayerState.DONE):
        meter.state(state, 0)
    assert [one.state for one in told] == [LayerState.WAITING, LayerState.DOWNLOADING, LayerState.DONE]


def test_bytes_are_told_rarely_however_often_they_come() -> None:
    told: list[LayerProgress] = []
    meter = Meter((1,), 10_000, told.append)
    meter.state(LayerState.DOWNLOADING, 0)
    for done in range(10_000):
        meter.advance(done)
    assert len(told) < 20


def test_a_layer_that_stands_twice_is_told_twice() -> None:
    told: list[LayerProgress] = []
    Meter((2, 4), 100, told.append).state(LayerState.HERE, 100)
    assert [one.position for one in told] == [2, 4]


def test_nobody_need_listen() -> None:
    Meter((1,), 100, None).state(LayerState.DONE, 100)
