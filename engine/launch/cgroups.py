"""The container's control groups: made before its first process, left to nobody at its end. cgroups(7)"""

from __future__ import annotations

import errno
import os
import time

from .fork import fork_into
from .freezer import let_go
from .messages import Failure, Stage
from .syscalls import SIGKILL

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from collections.abc import Iterable

_TRIES, _PAUSE = 200, 0.005  # one second for the kernel to be done with what was killed


class Setting:
    """What is written to a file of a group, and the option that asked for it ("" for none).

    :param optional: where there is no such file, it is done without.
    """

    def __init__(self, file: str, value: str, option: str, optional: bool = False) -> None:
        self.file = file
        self.value = value
        self.option = option
        self.optional = optional


class Group:
    """One group of a container.

    :param path: absolute; its parent is the engine's and made with it.
    :param version: 1 or 2. :param controllers: of its tree.
    :param shown: names below /sys/fs/cgroup inside, the first a directory and others links to it;
        [""] is /sys/fs/cgroup itself, and an empty list shows nothing.
    """

    def __init__(
        self, path: str, version: int, controllers: list[str], shown: list[str], settings: list[Setting]
    ) -> None:
        self.path = path
        self.version = version
        self.controllers = controllers
        self.shown = shown
        self.settings = settings


def make(groups: list[Group]) -> None:
    """Make the groups and set their limits, before anybody is in them.

    :raises Failure: names the option that this machine cannot serve.
    """
    for group in groups:
        try:
            _make_directory(group)
        except FileExistsError:
            _clear(group.path)  # of a start that was killed; its limits are written anew
        except OSError as error:
            raise Failure(
                Stage.CGROUPS, f"cannot make the control group {group.path}: {error.strerror}",
                errno=error.errno or 0, path=group.path,
            ) from error  # fmt: skip
        for setting in group.settings:
            _set(group.path, setting)


def _make_directory(group: Group) -> None:
    for attempt in range(10):
        try:
            os.mkdir(group.path, 0o755)
            break
        except FileNotFoundError:
            if attempt == 9:
                raise
            # Taken away by the container that ended last, or never made.
            _make_parent(group)
    if "cpuset" in group.controllers and group.version == 1:
        _inherit_cpuset(group.path)


def _make_parent(group: Group) -> None:
    parent = os.path.dirname(group.path)
    try:
        os.mkdir(parent, 0o755)
    except FileExistsError:
        pass
    if group.version == 2:
        for directory in (os.path.dirname(parent), parent):
            for controller in group.controllers:
                try:
                    _enable(directory, controller)
                except OSError:
                    continue  # not delegated to us; who asks for its limit is told that the file is missing
    elif "cpuset" in group.controllers:
        _inherit_cpuset(parent)


def _enable(directory: str, controller: str) -> None:
    """Have groups below a group of version 2 get a controller."""
    file = os.path.join(directory, "cgroup.subtree_control")
    try:
        _write(file, f"+{controller}")
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A group whose processes are its own gives nothing (cgroup-v2.rst, "No Internal Process
        # Constraint"), as is one that was delegated with a front in it: they go to one beside.
        beside = os.path.join(directory, "lamina-fronts")
        os.makedirs(beside, exist_ok=True)
        with open(os.path.join(directory, "cgroup.procs")) as procs:
            for pid in procs.read().split():
                _write(os.path.join(beside, "cgroup.procs"), pid)
        _write(file, f"+{controller}")


def _inherit_cpuset(path: str) -> None:
    """A new group of version 1 has no processors at all, and lets nobody in."""
    parent = os.path.dirname(path)
    for name in ("cpuset.cpus", "cpuset.mems"):
        value = _read(os.path.join(parent, name))
        if not value:
            # Whoever makes the parent at this moment has not come to it yet.
            _inherit_cpuset(parent)
            value = _read(os.path.join(parent, name))
        _write(os.path.join(path, name), value)


def _read(path: str) -> str:
    with open(path) as file:
        return file.read().strip()


def _set(path: str, setting: Setting) -> None:
    try:
        _write(os.path.join(path, setting.file), setting.value)
    except OSError as error:
        asked = f"{setting.option}: " if setting.option else ""
        missing = error.errno in (errno.ENOENT, errno.EACCES)
        if missing and setting.optional:
            return
        reason = f"this kernel has no {setting.file}" if missing else f"{setting.file}: {error.strerror}"
        raise Failure(
            Stage.CGROUPS, f"{asked}{reason}", errno=error.errno or 0, path=setting.file,
            hint="lamina info says what this machine's control groups can limit",
        ) from error  # fmt: skip


def fork(groups: list[Group]) -> tuple[int, bool]:
    """Fork; gives the pid (0 in the child), and whether the child is in its group of version 2 already.

    A fork into a group costs nothing; a move between groups waits for all processors (15 ms and more).
    """
    unified = [group.path for group in groups if group.version == 2]
    if unified:
        directory = os.open(unified[0], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return fork_into(directory), True
        except OSError as error:
            # Kernels before 5.7 have no clone3 with a group. Any other failure is one: it has used up the pid
            # namespace that the child was to be the first process of.
            if error.errno not in (errno.ENOSYS, errno.E2BIG, errno.EINVAL):
                raise
        finally:
            os.close(directory)
    return os.fork(), False


def join(groups: list[Group], in_unified: bool, beside: int = 0) -> None:
    """Move this process, which has one thread, into the groups.

    :param beside: pid of the container's first process; 0 is this one.
    """
    for group in groups:
        if group.version == 1:
            # One thread that moves itself needs no lock; by cgroup.procs the whole machine would wait.
            _write(os.path.join(group.path, "tasks"), "0")
        elif not in_unified:
            _join_unified(group.path, beside)


def _join_unified(path: str, beside: int) -> None:
    try:
        _write(os.path.join(path, "cgroup.procs"), "0")
    except OSError as error:
        # A group that gives controllers to groups below takes nobody itself any more (cgroup-v2.rst, "No
        # Internal Process Constraint"): the first process has gone to one of them, and so do we.
        if error.errno != errno.EBUSY or not beside:
            raise
        _write(os.path.join(leaf_of(path, beside), "cgroup.procs"), "0")


def leaf_of(path: str, pid: int) -> str:
    """The group at or below one of version 2 that a process is in; that one itself where it is elsewhere."""
    with open(f"/proc/{pid}/cgroup") as file:
        places = [line[3:].rstrip("\n") for line in file if line.startswith("0::")]
    _, found, below = places[0].partition(f"/{os.path.basename(path)}/") if places else ("", "", "")
    return os.path.join(path, below) if found and ".." not in below.split("/") else path


def out_of_memory_kills(groups: list[Group]) -> int:
    """How many processes of the groups the kernel killed because they had no memory left."""
    for group in groups:
        name = "memory.events" if group.version == 2 else "memory.oom_control"
        try:
            with open(os.path.join(group.path, name)) as file:
                counts = dict(line.split() for line in file)
        except (OSError, ValueError):
            continue
        if int(counts.get("oom_kill", "0")) > 0:
            return int(counts["oom_kill"])
    return 0


def clear(paths: Iterable[str]) -> None:
    """Kill all that runs in groups."""
    paths = list(paths)
    let_go(paths)
    for path in paths:
        _clear(path)


def remove(paths: Iterable[str]) -> None:
    """Remove groups, and whatever still runs in them; gone already is fine."""
    paths = list(paths)
    let_go(paths)
    for path in paths:
        for _ in range(_TRIES):
            try:
                os.rmdir(path)
            except FileNotFoundError:
                break
            except OSError as error:
                if error.errno not in (errno.EBUSY, errno.ENOTEMPTY):
                    break
                _clear(path)
                time.sleep(_PAUSE)
            else:
                break
        try:
            os.rmdir(os.path.dirname(path))
        except OSError:
            continue  # other containers' groups are there


def _clear(path: str) -> None:
    """Kill all that is in a group, and remove groups that were made below it."""
    for directory, _, _ in os.walk(path, topdown=False):
        try:
            with open(os.path.join(directory, "cgroup.procs")) as file:
                pids = [int(line) for line in file]
        except OSError:
            continue
        for pid in pids:
            try:
                # The group's list is fresh; a pid in it is no stranger's before this call is over.
                os.kill(pid, SIGKILL)
            except ProcessLookupError:
                continue
        if directory != path:
            try:
                os.rmdir(directory)
            except OSError:
                continue


def _write(path: str, text: str) -> None:
    # No buffer: a file of the kernel takes each write as a command of its own.
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
