"""A machine that runs: started with what this host offers, heard on two serial lines, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Unavailable
from engine.lab.machine.disk import Disk
from engine.lab.machine.emulator import Accelerator, command
from engine.lab.machine.line import SerialLine, Silence
from engine.lab.machine.parts import Parts
from engine.lab.machine.report import Report, parse_report
from engine.printable import printable

TRIAL = 5.0  # seconds in which a kernel that the processor itself runs must reach its first process
FIRST_LINE = 100.0  # seconds in which the program must have said something
_ANSWER = 30.0  # seconds in which the first process must tell what it sees
_LAST_WORDS = 1.0  # seconds in which a line of a program that has ended must have arrived
_COMPLAINT = 4096  # bytes of what an emulator says that does not start
_HOME = str(Path(__file__).parents[3])
_START = "import sys; sys.path.append(sys.argv[1]); from engine.lab.machine.launcher import main; "
_START += "main(int(sys.argv[2]), sys.argv[3:])"


@dataclass(frozen=True, slots=True)
class Started:
    """How a machine came up.

    :param seconds: from the emulator's start to the first line of the image's program.
    :param line: that line. :param refused: why what would have been faster was not taken, or "".
    :param words: of the emulator's command.
    """

    accelerator: Accelerator
    seconds: float
    line: str
    refused: str
    words: tuple[str, ...]


class Machine:
    """One machine; `booted` makes one.

    :ivar pid: of its emulator, the only process of it that the host has.
    """

    def __init__(self, process: Process, output: SerialLine, reports: SerialLine) -> None:
        self._process, self._output, self._reports = process, output, reports
        self.pid = process.pid

    async def alive(self, seconds: float) -> None:
        """Wait for the first process. :raises Silence: it does not come."""
        async with _within(seconds, "its kernel reached no first process"):
            await self._reports.told("alive")

    async def first_line(self, seconds: float) -> str:
        """What the image's program says first. :raises Silence: it says nothing."""
        said = asyncio.create_task(self._output.next())
        ended = asyncio.create_task(self._reports.told("ended"))
        try:
            async with _within(seconds, "its program said nothing"):
                await asyncio.wait((said, ended), return_when=asyncio.FIRST_COMPLETED)
            if not said.done():
                await asyncio.wait((said,), timeout=_LAST_WORDS)
            if not said.done():
                code = ended.result()[-1].partition(" ")[2]
                raise Silence(f"its program said nothing and ended with code {code}")
            return said.result()
        finally:
            said.cancel()
            ended.cancel()
            await asyncio.gather(said, ended, return_exceptions=True)

    async def report(self) -> Report:
        """What the machine sees of itself now. :raises Unavailable: it does not answer."""
        try:
            async with _within(_ANSWER, "no word"):
                await self._reports.write(b"\n")
                return parse_report(await self._reports.told("end"))
        except (OSError, Silence) as error:
            raise Unavailable(f"the machine does not answer: {error}") from error

    async def complaint(self) -> str:
        """What the emulator says when it has ended; "" while it runs."""
        assert self._process.stderr is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                said = await self._process.stderr.read(_COMPLAINT)
                return printable(said.decode("utf-8", "replace").strip().rpartition("\n")[2])
        return ""

    def listen(self) -> None:
        """Pass over what the program says from now on, so that it never waits to be heard."""
        self._output.pass_over()

    async def end(self) -> None:
        """End it at once; nothing of it is left."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        for line in (self._output, self._reports):
            await line.close()


async def booted(
    parts: Parts,
    disk: Disk,
    accelerators: Sequence[Accelerator] = tuple(Accelerator),
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Machine, Started]:
    """Start a machine and wait for its program's first line; the caller ends it.

    :param accelerators: tried in this order: whether one works here is only known when it has.
    :param tell: called with what is being waited for, in words.
    :raises Unavailable: none of them brings it up.
    """
    kernel = disk.path.with_name("kernel")
    await asyncio.to_thread(shutil.copyfile, parts.kernel.path, kernel)
    kernel.chmod(0o644)  # the emulator is nobody, and some distributions let only root read their kernels
    refused: list[str] = []
    for accelerator in accelerators:
        last = accelerator is accelerators[-1]
        try:
            machine, seconds, line, words = await _boot(parts, disk, kernel, accelerator, last, tell)
        except Silence as error:
            refused.append(f"{accelerator.words}: {error}")
            continue
        return machine, Started(accelerator, seconds, line, "; ".join(refused), tuple(words))
    raise Unavailable(
        f"the virtual machine does not start: {'; '.join(refused)}",
        hint="try it again when this machine has less to do",
    )


async def _boot(
    parts: Parts, disk: Disk, kernel: Path, accelerator: Accelerator, last: bool, tell: Callable[[str], None]
) -> tuple[Machine, float, str, list[str]]:
    """:param last: nothing else could be tried, so that patience is all there is."""
    began = time.monotonic()
    machine, words = await _started(parts, disk, kernel, accelerator)
    try:
        try:
            tell(f"{accelerator.words}: its kernel is starting")
            await machine.alive(FIRST_LINE if last else TRIAL)
            tell(f"{accelerator.words}: its kernel runs, the program is starting")
            line = await machine.first_line(FIRST_LINE)
        except Silence as error:
            raise Silence(await machine.complaint() or str(error)) from error
        seconds = time.monotonic() - began
        machine.listen()
    except BaseException:
        await asyncio.shield(machine.end())
        raise
    return machine, seconds, line, words


async def _started(
    parts: Parts, disk: Disk, kernel: Path, accelerator: Accelerator
) -> tuple[Machine, list[str]]:
    with contextlib.ExitStack() as held:
        pairs = [socket.socketpair() for _ in range(2)]
        for _, theirs in pairs:
            held.callback(theirs.close)
        # By descriptor, because the store's directory is not open to whom the emulator runs as.
        files = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in (kernel, disk.path)]
        for file in files:
            held.callback(os.close, file)
        # Before the emulator, so that whatever interrupts this there is nobody to be ended yet.
        output, reports = [await SerialLine.of(ours) for ours, _ in pairs]
        sockets = [theirs.fileno() for _, theirs in pairs]
        words = command(parts, disk, accelerator, tuple(f"/proc/self/fd/{file}" for file in files), sockets)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, _HOME, str(os.getpid()), *words,
                stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, pass_fds=[*sockets, *files], env={}, cwd="/",
            )  # fmt: skip
        except BaseException:
            for line in (output, reports):
                await line.close()
            raise
    return Machine(process, output, reports), words


@contextlib.asynccontextmanager
async def _within(seconds: float, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Silence(f"{what} within {seconds:g} s") from error
