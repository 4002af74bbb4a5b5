"""How one container runs: what its maker asked for, over what its image says; fixed when it is made."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from engine.errors import Corrupt
from engine.oci.run_config import HealthCheck
from engine.runtime.isolation import DOCKERS, NO_NAMES, UNLIMITED, Isolation, Names, Resources
from engine.runtime.log_limits import USUAL, LogLimits
from engine.runtime.policy import NEVER, RestartPolicy


class Bind(NamedTuple):
    """A file or directory of the host or a volume, shown inside; both paths absolute.

    :param source: "" for a volume, whose place is the store's.
    :param volume: its name, or "". :param anonymous: it goes with the container, where that is asked.
    :param subpath: of the volume, instead of its top. :param copy: fill it from the image while it is empty.
    :param labels: of the volume, for its making.
    :param propagation: of mounts below, as mount(8) names them. :param recursive: Docker's bind-recursive.
    :param make: make a directory where the source is missing.
    """

    source: str
    target: str
    read_only: bool
    volume: str = ""
    anonymous: bool = False
    subpath: str = ""
    copy: bool = True
    labels: Mapping[str, str] = MappingProxyType({})
    propagation: str = "rprivate"
    recursive: str = "enabled"
    make: bool = False


class ContainerConfig(NamedTuple):
    """Everything a start needs to know beside the layers.

    :param entrypoint: as resolved; with `cmd` after it, the program and its arguments.
    :param env: `NAME=value`, each name once.
    :param user: Docker's USER, resolved inside at each start.
    :param network: "none", "host", or the first of the networks it was made for.
    :param stop_signal: a name such as "SIGTERM", or a number, as the image has it.
    :param stop_timeout: seconds from that signal to SIGKILL.
    :param reaper: a small program stands before the container's own and reaps orphans (`--init`).
    :param health: how its health is asked for, with no field left unsaid; None where it is not.
    :param ports: published: address and port of the host ("" for all, 0 for any), port inside, protocol.
    :param exposed: ports that its program listens at, "80/tcp". :param annotations: notes for programs.
    """

    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: tuple[str, ...]
    workdir: str
    user: str
    hostname: str
    network: str
    binds: tuple[Bind, ...]
    read_only: bool
    tty: bool
    interactive: bool
    auto_remove: bool
    labels: Mapping[str, str]
    stop_signal: str
    stop_timeout: float = 10
    reaper: bool = False
    isolation: Isolation = DOCKERS
    resources: Resources = UNLIMITED
    names: Names = NO_NAMES
    restart: RestartPolicy = NEVER
    health: HealthCheck | None = None
    log: LogLimits = USUAL
    ports: tuple[tuple[str, int, int, str], ...] = ()
    exposed: tuple[str, ...] = ()
    annotations: Mapping[str, str] = MappingProxyType({})

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return self.entrypoint + self.cmd

    @property
    def open_ports(self) -> tuple[str, ...]:
        """What it listens at, "80/tcp": what is published and what is only exposed, each once."""
        published = (f"{target}/{protocol}" for _, _, target, protocol in self.ports)
        exposed = (port if "/" in port else f"{port}/tcp" for port in self.exposed)
        return tuple(dict.fromkeys((*published, *exposed)))

    def dump(self) -> str:
        """As JSON, for the database."""
        fields = self._asdict()
        fields["binds"] = [{**bind._asdict(), "labels": dict(bind.labels)} for bind in self.binds]
        fields["labels"] = dict(self.labels)
        fields["annotations"] = dict(self.annotations)
        fields["isolation"] = self.isolation.dump()
        fields["resources"] = self.resources._asdict()
        fields["names"] = self.names._asdict()
        fields["restart"] = self.restart._asdict()
        fields["log"] = self.log._asdict()
        fields["health"] = self.health and self.health._asdict()
        return json.dumps(fields)

    @classmethod
    def load(cls, text: str) -> Self:
        """The config of a row.

        :raises Corrupt: the row is not one that `dump` made.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            binds = tuple(Bind(**bind) for bind in fields.pop("binds"))
            for name in ("entrypoint", "cmd", "env"):
                fields[name] = tuple(fields[name])
            fields["ports"] = tuple(tuple(port) for port in fields.get("ports", ()))
            fields["exposed"] = tuple(fields.get("exposed", ()))
            # Fields that a container of an earlier version has not, keep their defaults.
            for name, load in (
                ("isolation", Isolation.load),
                ("resources", Resources.load),
                ("names", Names.load),
                ("restart", lambda found: RestartPolicy(**found)),
                ("log", lambda found: LogLimits(**found)),
                ("health", lambda found: found and HealthCheck(**{**found, "test": tuple(found["test"])})),
            ):
                if name in fields:
                    fields[name] = load(fields[name])
            return cls(binds=binds, **fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Corrupt(f"a container's config in the database cannot be read: {error}") from error
