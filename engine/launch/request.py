"""What a front asks of a monitor: a program beside the first one, as one document."""

from __future__ import annotations

import marshal


class Request:
    """What is to run beside the first program.

    :param id: 64 hex digits, for events.
    :param env: `NAME=value`, over the container's own.
    :param workdir: absolute; "" is the container's. :param user: Docker's USER; "" is the container's.
    :param stdin: the front's input is the program's; else it has none.
    :param attached: the front wants its streams; else it leaves when the program has begun.
    :param privileged: with every capability that the engine holds itself.
    :param size: rows and columns of the front's terminal, or None.
    """

    def __init__(
        self,
        id: str,
        argv: list[str],
        env: list[str] | None = None,
        workdir: str = "",
        user: str = "",
        tty: bool = False,
        stdin: bool = False,
        attached: bool = True,
        privileged: bool = False,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.id = id
        self.argv = argv
        self.env = env or []
        self.workdir = workdir
        self.user = user
        self.tty = tty
        self.stdin = stdin
        self.attached = attached
        self.privileged = privileged
        self.size = size

    def dump(self) -> bytes:
        """The document; for a monitor of the same interpreter to read."""
        return marshal.dumps(vars(self))

    @classmethod
    def load(cls, document: bytes) -> Request:
        """The request of a document; anything else raises ValueError, EOFError or TypeError."""
        return cls(**marshal.loads(document))  # noqa: S302 - a front of the same user wrote it
