"""The task of a monitor, one document on a socket, and the container's network, another that follows it.

`engine.runtime` builds it, the monitor and init read it. Plain classes and marshal: see the package's
docstring for why. Every path is the host's unless it says "inside".
"""

from __future__ import annotations

import marshal

from .limits import Limit
from .walls import Walls

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Bind:
    """A file or directory of the host, shown inside.

    :param source: absolute path on the host.
    :param target: absolute path inside; links in it are followed inside the root only.
    :param subpath: what is shown instead of the source's top, found below it without leaving it.
    :param propagation: "private", "slave" or "shared": of mounts that come and go below (mount(8)).
    :param recursive: with what is mounted below the source; :param writable_below: which stays writable.
    :param volume: the name of the volume that it is, or "".
    """

    def __init__(
        self,
        source: str,
        target: str,
        read_only: bool = False,
        *,
        subpath: str = "",
        propagation: str = "private",
        recursive: bool = True,
        writable_below: bool = False,
        volume: str = "",
    ) -> None:
        self.source = source
        self.target = target
        self.read_only = read_only
        self.subpath = subpath
        self.propagation = propagation
        self.recursive = recursive
        self.writable_below = writable_below
        self.volume = volume


class Overlay:
    """The stack to mount: lower directories top first, and the writable directories above them.

    :param program: "" has the kernel show it, else fuse-overlayfs of this path does. Without lower
        directories `upper` is a copy of all, and is shown as it is.
    """

    def __init__(
        self, lowers: list[str], upper: str, work: str, options: list[str], program: str = ""
    ) -> None:
        self.lowers = lowers
        self.upper = upper
        self.work = work
        self.options = options
        self.program = program

    @property
    def command(self) -> str:
        """What mounts it, as words for a shell; the place follows."""
        if not self.lowers:
            return f"mount --bind {self.upper}"
        rest = f"lowerdir={':'.join(self.lowers)},upperdir={self.upper},workdir={self.work}"
        return f"{self.program} -o {rest}" if self.program else f"mount -t overlay overlay -o {rest}"


class Program:
    """What to execute, and as whom.

    :param user: Docker's USER, `name|uid[:group|gid]`, resolved in the image's own passwd and group.
    :param capabilities: the limit for all that runs inside, and what root has; names without CAP_.
    :param no_new_privileges: nothing that is executed may gain privileges (set-uid, file capabilities).
    :param filter: a seccomp program, or nothing; `filter_flags` are seccomp(2)'s.
    :param groups: supplementary groups beside those of `user`, names or numbers.
    :param limits: of prlimit(2).
    :param size: rows and columns of its terminal as it finds it, or None.
    :param oom_score: of proc_pid_oom_score_adj(5); None leaves it as it is.
    """

    def __init__(
        self,
        argv: list[str],
        env: list[str],
        workdir: str,
        user: str,
        capabilities: list[str],
        tty: bool,
        no_new_privileges: bool = False,
        filter: bytes = b"",
        filter_flags: int = 0,
        groups: list[str] | None = None,
        limits: list[Limit] | None = None,
        size: tuple[int, int] | None = None,
        oom_score: int | None = None,
    ) -> None:
        self.argv = argv
        self.env = env
        self.workdir = workdir
        self.user = user
        self.capabilities = capabilities
        self.tty = tty
        self.no_new_privileges = no_new_privileges
        self.filter = filter
        self.filter_flags = filter_flags
        self.groups = groups or []
        self.limits = limits or []
        self.size = size
        self.oom_score = oom_score

    def running(self, argv: list[str]) -> Program:
        """Another program with the same sandbox, without a terminal."""
        return Program(**{**vars(self), "argv": argv, "tty": False})

    def fields(self) -> dict[str, Any]:
        """As plain values, for the document."""
        return {**vars(self), "limits": [vars(limit) for limit in self.limits]}

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Program:
        """From what `fields` gave."""
        return cls(**{**fields, "limits": [Limit(**limit) for limit in fields["limits"]]})


class Check:
    """How the container's health is asked for; times in seconds.

    :param argv: the program, run inside as the container's own user. :param interval: between two looks.
    :param timeout: that one may take. :param start_period: from the start, in which failures do not count.
    :param start_interval: between looks in it. :param retries: failures in a row that make it unhealthy.
    """

    def __init__(
        self,
        argv: list[str],
        interval: float,
        timeout: float,
        start_period: float,
        start_interval: float,
        retries: int,
    ) -> None:
        self.argv = argv
        self.interval = interval
        self.timeout = timeout
        self.start_period = start_period
        self.start_interval = start_interval
        self.retries = retries


class Places:
    """Files that the monitor writes.

    :param directory: the container's directory; `state`, `steps.jsonl` and `container.log` go there.
    :param rootfs: an empty directory, where the overlay is mounted in the container's own namespace.
    :param socket: the attach socket's path.
    :param journal: the store's journal of events.
    :param log_size: bytes of a log file that is full; 0 is no limit. :param log_files: how many are kept.
    """

    def __init__(
        self,
        directory: str,
        rootfs: str,
        socket: str,
        journal: str,
        log_size: int = 0,
        log_files: int = 1,
    ) -> None:
        self.directory = directory
        self.rootfs = rootfs
        self.socket = socket
        self.journal = journal
        self.log_size = log_size
        self.log_files = log_files


NAMESPACE = 6  # the number that a container's own network, the first descriptor kept open, has in a monitor


class Network:
    """A container's own network, which comes after the task: it is made while the container is.

    :param release: messages of netlink(7), family netfilter, to be sent when all is over.
    :param problem: why there is none, or "".
    """

    def __init__(self, release: Sequence[bytes] = (), problem: str = "") -> None:
        self.release = release
        self.problem = problem

    def dump(self) -> bytes:
        """The document; what is to be kept open rides on it, the namespace first."""
        return marshal.dumps((list(self.release), self.problem))

    @classmethod
    def load(cls, document: bytes) -> Network:
        """The network of a document that `dump` made; one that was cut short, or empty, raises EOFError."""
        return cls(*marshal.loads(document))  # noqa: S302 - our own parent wrote it


class Task:
    """Everything about one start of one container.

    :param network: "none" gives it a namespace with a loopback of its own, "host" the host's, "joined"
        one that comes with a `Network`, by a socket that came with the task.
    :param locked: a lock that nobody else starts the container without came with it. The monitor lets go
        of it once it runs or has failed, so that a front that is killed meanwhile leaves nobody in doubt.
    :param at_once: whoever starts it made it just now: where they end before it runs, `on_exit` follows.
    :param pausing: somebody stops between the steps of the start; the report descriptor is a socket.
    :param health: how its health is asked for; None where it is not.
    :param masked: paths inside that show nothing.
    :param read_only_paths: paths inside that cannot be written.
    :param on_exit: a command the monitor becomes when all is over (removal of `--rm`), or empty.
    :param walls: control groups, devices, file systems in memory; by default none beyond Docker's.
    :param stdin_open: keep a pipe on standard input; else it is /dev/null.
    :param stdin_once: the first attached front's end is the end of standard input.
    """

    def __init__(
        self,
        *,
        id: str,
        name: str,
        image: str,
        hostname: str,
        network: str,
        places: Places,
        overlay: Overlay,
        binds: list[Bind],
        program: Program,
        masked: list[str],
        read_only_paths: list[str],
        read_only: bool,
        stdin_open: bool,
        stdin_once: bool,
        on_exit: list[str],
        walls: Walls | None = None,
        locked: bool = False,
        health: Check | None = None,
        pausing: bool = False,
        at_once: bool = False,
    ) -> None:
        self.id = id
        self.name = name
        self.image = image
        self.hostname = hostname
        self.network = network
        self.places = places
        self.overlay = overlay
        self.binds = binds
        self.program = program
        self.masked = masked
        self.read_only_paths = read_only_paths
        self.read_only = read_only
        self.stdin_open = stdin_open
        self.stdin_once = stdin_once
        self.on_exit = on_exit
        self.pausing = pausing
        self.at_once = at_once
        self.walls = walls or Walls([])
        self.locked = locked
        self.health = health
        self.stack = -1  # of the container's files, where a program shows them; a monitor's own

    def dump(self) -> bytes:
        """The document; for the same interpreter to read, which is what a monitor is."""
        fields = {**vars(self), "places": vars(self.places), "overlay": vars(self.overlay)}
        fields["program"] = self.program.fields()
        fields["walls"] = self.walls.fields()
        fields["health"] = vars(self.health) if self.health else None
        fields["binds"] = [vars(bind) for bind in self.binds]
        del fields["stack"]
        return marshal.dumps(fields)

    @classmethod
    def load(cls, document: bytes) -> Task:
        """The task of a document that `dump` made; one that was cut short, or empty, raises EOFError."""
        fields = marshal.loads(document)  # noqa: S302 - our own parent wrote it
        fields["places"] = Places(**fields["places"])
        fields["overlay"] = Overlay(**fields["overlay"])
        fields["binds"] = [Bind(**bind) for bind in fields["binds"]]
        fields["program"] = Program.of(fields["program"])
        fields["walls"] = Walls.of(fields["walls"])
        fields["health"] = Check(**fields["health"]) if fields["health"] else None
        return cls(**fields)
