"""How one container runs: what its maker asked for, over what its image says; fixed when it is made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Corrupt
from engine.runtime.isolation import DOCKERS, NO_NAMES, UNLIMITED, Isolation, Names, Resources


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or directory of the host, shown inside; both paths absolute."""

    source: str
    target: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class ContainerConfig:
    """Everything a start needs to know beside the layers.

    :param entrypoint: as resolved; with `cmd` after it, the program and its arguments.
    :param env: `NAME=value`, each name once.
    :param user: Docker's USER, resolved inside at each start.
    :param network: "none" or "host".
    :param stop_signal: a name such as "SIGTERM", or a number, as the image has it.
    :param stop_timeout: seconds from that signal to SIGKILL.
    :param reaper: a small program stands before the container's own and reaps orphans (`--init`).
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

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return self.entrypoint + self.cmd

    def dump(self) -> str:
        """As JSON, for the database."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        fields["binds"] = [dataclasses.asdict(bind) for bind in self.binds]
        fields["labels"] = dict(self.labels)
        fields["isolation"] = self.isolation.dump()
        fields["resources"] = self.resources._asdict()
        fields["names"] = self.names._asdict()
        return json.dumps(fields)

    @classmethod
    def load(cls, text: str) -> ContainerConfig:
        """The config of a row.

        :raises Corrupt: the row is not one that `dump` made.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            binds = tuple(Bind(**bind) for bind in fields.pop("binds"))
            for name in ("entrypoint", "cmd", "env"):
                fields[name] = tuple(fields[name])
            # Fields that a container of an earlier version has not, keep their defaults.
            for name, load in (
                ("isolation", Isolation.load),
                ("resources", lambda found: Resources(**found)),
                ("names", Names.load),
            ):
                if name in fields:
                    fields[name] = load(fields[name])
            return cls(binds=binds, **fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Corrupt(f"a container's config in the database cannot be read: {error}") from error
