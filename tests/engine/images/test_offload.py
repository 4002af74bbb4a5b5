import asyncio
import threading

import pytest

from engine.images.offload import leaf, patiently, settled
from engine.settings import Settings
from engine.store import Layout, lock


async def test_a_blocking_call_gives_its_value() -> None:
    assert await settled(lambda: 7) == 7


async def test_a_blocking_call_gives_its_error() -> None:
    with pytest.raises(ZeroDivisionError):
        await settled(lambda: 1 // 0)


async def test_cancelling_waits_until_the_call_has_ended() -> None:
    begun, finish, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        finish.wait()
        ended.set()

    task = asyncio.create_task(settled(work))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_lock_that_is_held_is_waited_for(settings: Settings) -> None:
    layout = Layout.of(settings)
    layout.create()
    order: list[str] = []

    async def second() -> None:
        async with patiently(lambda: lock(layout, "thing", timeout=0)):
            order.append("second")

    async with patiently(lambda: lock(layout, "thing", timeout=0)):
        task = asyncio.create_task(second())
        await asyncio.sleep(0)
        order.append("first")
    await task
    assert order == ["first", "second"]


def test_the_first_error_of_nested_groups_is_found() -> None:
    error = ValueError()
    assert leaf(BaseExceptionGroup("a", [BaseExceptionGroup("b", [error]), KeyError()])) is error
