"""From a record and a state to a row of a list; every start loads this."""

from __future__ import annotations

from engine.containers.models import ContainerSummary, MountRow, Status
from engine.containers.records import Record
from engine.network.wishes import Publish
from engine.runtime.state import State


def summary(
    record: Record, state: State, ports: tuple[Publish, ...] = (), networks: tuple[str, ...] = ()
) -> ContainerSummary:
    """A list row. :param ports: leased for it. :param networks: names of those it has an address on."""
    config = record.config
    return ContainerSummary(
        id=record.id,
        name=record.name,
        image=record.image,
        image_id=record.image_id,
        command=config.argv,
        created=record.created,
        status=Status(state.status),
        pid=state.init.pid if state.status in ("running", "paused") else 0,
        exit_code=state.exit_code,
        started=state.started,
        finished=state.finished,
        error=state.error,
        network=config.network,
        tty=config.tty,
        labels=config.labels,
        health=state.health if state.standing else "",
        restarts=state.restarts,
        ports=ports if state.standing else (),
        exposed=config.open_ports,
        networks=networks or (config.network,),
        mounts=tuple(MountRow(bind.volume, bind.source, bind.target) for bind in config.binds),
    )
