"""Sessions for fronts in an event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.engine import Engine
from engine.errors import Conflict, LaunchError
from engine.facade.sessions import Session
from engine.settings import Settings
from tests.support.command import Lamina
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture
def engine(lamina: Lamina, settings: Settings, small_images: SmallImages) -> Iterator[Engine]:
    """A store with a container "box" that echoes what is typed."""
    lamina("pull", "-q", small_images.base).ok()
    lamina("run", "-dit", "--name", "box", "--network", "none", small_images.base, "cat").ok()
    yield Engine(settings)
    lamina("rm", "-f", "box").ok()


async def _until(session: Session, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        data = await session.read()
        assert data, seen
        seen += data
    return seen


async def test_a_program_is_typed_to_and_read(engine: Engine) -> None:
    async with await engine.exec_session("box", ["sh"], size=(30, 90)) as session:
        await session.write(b"echo sum $((20+22))\n")
        await _until(session, b"sum 42")
        await session.write(b"exit 5\n")
        assert await session.wait() == 5
        assert await session.read() == b""


async def test_input_of_a_pipe_can_be_ended(engine: Engine) -> None:
    async with await engine.exec_session("box", ["cat"], tty=False) as session:
        await session.write(b"x" * 300_000)
        await session.end_input()
        size = 0
        while data := await session.read():
            size += len(data)
        assert (size, await session.wait()) == (300_000, 0)


async def test_what_runs_first_is_stood_in_by_several(engine: Engine) -> None:
    async with await engine.attach_session("box") as one, await engine.attach_session("box") as two:
        await one.resize(20, 60)
        await one.write(b"seen\n")
        await _until(two, b"seen")
        await _until(one, b"seen")


async def test_errors_are_the_engines(engine: Engine) -> None:
    with pytest.raises(LaunchError) as failed:
        await engine.exec_session("box", ["nothing-of-the-kind"])
    assert failed.value.exit_code == 127
    await engine.kill("box")
    await engine.wait("box")
    with pytest.raises(Conflict, match="not running"):
        await engine.exec_session("box", ["true"])
