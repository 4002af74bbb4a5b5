"""The program that leads a network namespace outside: found by trying, and kept running."""

from __future__ import annotations

import _thread
import contextlib
import os
import select
import socket
import time
from collections.abc import Sequence

from engine.launch import syscalls as sys
from engine.linux.rtnetlink import Routing
from engine.rootless import providers

_READY = 10.0  # seconds in which a program must have configured its interface
_LOOK = 0.002  # seconds between two looks at it
_PAUSE = 1.0  # seconds before a program that ended is started again
_RUNTIME = "/run/user"
_MOST = 4096  # bytes kept of what a program says


class Leading:
    """Runs one of the programs, the first that becomes ready; the next where it ends.

    :param programs: their paths. :param directory: of the session. :param ready: a pipe that is told "+"
        when the namespace is led outside, else why it is not.
    """

    def __init__(self, programs: Sequence[str], directory: str, ready: int) -> None:
        self._programs = programs
        self._place = os.path.join(directory, providers.LOCK)
        self._note = os.path.join(directory, providers.NOTE)
        self._ready = ready
        self._is_ready = False
        self._lock = _thread.allocate_lock()

    def keep(self, namespace: int) -> None:
        """Lead a namespace outside, and never end. :param namespace: a descriptor of it."""
        while True:
            told = []
            for program in self._programs:
                self._write_note(program)
                words = self._run(program, namespace)
                told.append(f"{os.path.basename(program)}: {words}")
                if self._is_ready:
                    time.sleep(_PAUSE)
            self.fail("; ".join(told))

    def await_ready(self) -> None:
        """Wait until this thread's namespace has a way out; where none is found, the process ends."""
        with Routing() as routing:
            while not any(not route.prefix for route in routing.routes(socket.AF_INET)):
                time.sleep(_LOOK)

    def succeed(self) -> None:
        """Tell who waits that all is well."""
        with self._lock:
            os.write(self._ready, b"+")
            os.close(self._ready)
            self._is_ready = True

    def fail(self, reason: str) -> None:
        """Tell who waits why it cannot be, and end; nothing where all has been well before."""
        with self._lock:
            if not self._is_ready:
                with contextlib.suppress(OSError):
                    os.write(self._ready, reason.encode())
                os._exit(1)

    def forget(self) -> None:
        """Remove what tells which program runs."""
        with contextlib.suppress(FileNotFoundError):  # the store has been removed
            os.unlink(self._note)

    def _write_note(self, program: str) -> None:
        with contextlib.suppress(OSError), open(self._note, "w", encoding="utf-8") as file:
            file.write(os.path.basename(program))

    def _run(self, program: str, namespace: int) -> str:
        """Run a program to its end, at the latest when it is not ready in time; gives its last line."""
        read, write = os.pipe2(os.O_CLOEXEC)
        child = os.fork()
        if child == 0:
            self._become(program, namespace, write)
        os.close(write)
        ended = os.pidfd_open(child)
        said = self._hear(read, ended)
        if not select.select([ended], [], [], 0)[0]:
            os.kill(child, sys.SIGKILL)
            said = b"it does not become ready"
        os.waitpid(child, 0)
        os.close(ended)
        os.close(read)
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"

    def _hear(self, output: int, ended: int) -> bytes:
        """What a program says until it ends, or has not become ready in time. :param ended: its pidfd."""
        said, deadline, waited = b"", time.monotonic() + _READY, [output, ended]
        while True:
            patience = None if self._is_ready else deadline - time.monotonic()
            if patience is not None and patience <= 0:
                return said
            ready = select.select(waited, [], [], patience)[0]
            if output in ready:
                data = os.read(output, _MOST)
                said = (said + data)[-_MOST:]
                if data:
                    continue
                waited = [ended]  # it may close its output and go on
            if ended in ready:
                return said

    def _become(self, program: str, namespace: int, output: int) -> None:
        """Be the program. Returns never."""
        try:
            # pasta takes it for a failure that SIGPIPE was ignored before, as the interpreter has it.
            sys.reset_signals()
            sys.prctl(sys.PR_SET_PDEATHSIG, sys.SIGKILL)
            null = os.open("/dev/null", os.O_RDWR)
            for number, source in enumerate((null, null, output)):
                os.dup2(source, number)
            words = providers.words(program, self._named(namespace))
            os.execve(program, words, {"PATH": os.defpath})
        except OSError as error:
            os.write(2, str(error).encode())
        finally:
            os._exit(127)

    def _named(self, namespace: int) -> str:
        """A path of the namespace that is there for this process alone.

        pasta opens it when it has fewer rights than we: too few for our descriptors below /proc. And the
        profile of AppArmor that Debian and Ubuntu have for it lets it read where podman has such paths only.
        """
        sys.unshare(sys.CLONE_NEWNS)
        sys.mount(None, "/", None, sys.MS_REC | sys.MS_PRIVATE)
        place = self._place
        if os.path.isdir(_RUNTIME):
            sys.mount("tmpfs", _RUNTIME, "tmpfs", 0, "mode=755")
            place = f"{_RUNTIME}/{os.getuid()}/netns/lamina"
            os.makedirs(os.path.dirname(place))
            os.close(os.open(place, os.O_CREAT | os.O_CLOEXEC))
        sys.mount(f"/proc/self/fd/{namespace}", place, None, sys.MS_BIND)
        return place
