"""The part of a task that says how far the container's walls reach: groups, namespaces, devices, mounts."""

from __future__ import annotations

from .cgroups import Group, Setting

TYPE_CHECKING = False  # mypy takes it for true; `typing` itself stays out
if TYPE_CHECKING:
    from typing import Any


class Node:
    """A device to be made below /dev.

    :param path: inside, beginning with /dev/. :param kind: "c" or "b".
    """

    def __init__(self, path: str, kind: str, major: int, minor: int, mode: int, uid: int, gid: int) -> None:
        self.path = path
        self.kind = kind
        self.major = major
        self.minor = minor
        self.mode = mode
        self.uid = uid
        self.gid = gid


class Memory:
    """A file system in memory.

    :param target: inside. :param options: of tmpfs, "" for one without a value.
    :param attributes: MOUNT_ATTR_*.
    """

    def __init__(self, target: str, options: list[tuple[str, str]], attributes: int) -> None:
        self.target = target
        self.options = options
        self.attributes = attributes


class Walls:
    """How a container is kept apart.

    :param device_filter: a program for a group of version 2, or nothing.
    :param shared: namespaces of the host it stays in: of "pid", "ipc", "uts", "cgroup".
    :param joined: (namespace, pid, start time, state file) of the first processes of other containers whose
        namespaces it joins: "pid", "ipc", "uts", "net".
    :param sysctls: (name with dots, value, whether it is an error that the kernel has none of the name).
    :param shm_size: bytes of /dev/shm.
    :param domain: its NIS domain name; "" for none.
    :param writable: /sys and control groups may be written, as --privileged has it.
    """

    def __init__(
        self,
        groups: list[Group],
        device_filter: bytes = b"",
        shared: list[str] | None = None,
        nodes: list[Node] | None = None,
        memory: list[Memory] | None = None,
        sysctls: list[tuple[str, str, bool]] | None = None,
        shm_size: int = 64 << 20,
        writable: bool = False,
        joined: list[tuple[str, int, int, str]] | None = None,
        domain: str = "",
    ) -> None:
        self.groups = groups
        self.device_filter = device_filter
        self.shared = shared or []
        self.nodes = nodes or []
        self.memory = memory or []
        self.sysctls = sysctls or []
        self.shm_size = shm_size
        self.writable = writable
        self.joined = joined or []
        self.domain = domain

    @property
    def of_others(self) -> list[str]:
        """Namespaces that are not its own: the host's, or another container's."""
        return [*self.shared, *(name for name, *_ in self.joined)]

    def fields(self) -> dict[str, Any]:
        """As plain values, for the document."""
        groups = [{**vars(one), "settings": [vars(item) for item in one.settings]} for one in self.groups]
        nodes = [vars(one) for one in self.nodes]
        return {**vars(self), "groups": groups, "nodes": nodes, "memory": [vars(one) for one in self.memory]}

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Walls:
        """From what `fields` gave."""
        groups = [
            Group(**{**one, "settings": [Setting(**item) for item in one["settings"]]})
            for one in fields.pop("groups")
        ]
        nodes = [Node(**one) for one in fields.pop("nodes")]
        memory = [Memory(**one) for one in fields.pop("memory")]
        return cls(groups, nodes=nodes, memory=memory, **fields)
