"""A container as an image: its image's config as the container ran it, and a layer of what it changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from engine.containers.packing import LayerPacker
from engine.containers.records import Record
from engine.containers.upper import Upper
from engine.images.changing import apply_changes
from engine.images.documents import Documents
from engine.images.making import Draft, LayerSink, base_layers
from engine.layers.writer import TarWriter
from engine.oci.run_config import RunConfig
from engine.runtime.config import ContainerConfig
from engine.runtime.sandbox import DEFAULT_PATH


def draft_of(
    record: Record, base: Documents, *, reference: str, message: str, author: str, changes: Sequence[str]
) -> Draft:
    """What the image of a container will be, but for its layer.

    :param changes: in the words of a Dockerfile.
    :raises InvalidArgument: a change cannot be meant.
    """
    document: dict[str, Any] = json.loads(base.config.raw)
    run = _run_config(document.get("config") or {}, record.config, base.config.run)
    document["config"] = apply_changes(run, tuple(changes))
    if author:
        document["author"] = author
    history: dict[str, object] = {"created_by": " ".join(record.config.argv)}
    history |= {key: text for key, text in (("author", author), ("comment", message)) if text}
    return Draft(document, base_layers(base.manifest), history, reference)


def _run_config(config: dict[str, Any], ran: ContainerConfig, image: RunConfig) -> dict[str, Any]:
    """How the container ran becomes how the image runs, as with Docker; the engine's own additions do not."""
    ours = {f"HOSTNAME={ran.hostname}", f"PATH={DEFAULT_PATH}", *(["TERM=xterm"] if ran.tty else [])}
    changed = {
        **config,
        "Env": [item for item in ran.env if item in image.env or item not in ours],
        "Entrypoint": list(ran.entrypoint),
        "Cmd": list(ran.cmd),
        "User": ran.user,
        "WorkingDir": image.workdir if ran.workdir == "/" else ran.workdir,
        "Labels": dict(ran.labels),
        "StopSignal": ran.stop_signal if ran.stop_signal != "SIGTERM" else image.stop_signal,
    }
    return {key: value for key, value in changed.items() if value}


def write_changes(upper: Upper, sink: LayerSink, notes: list[str]) -> int:
    """Write a container's changes as a layer; how many members it has.

    :param notes: gets what the layer cannot hold, in words.
    """
    packer = LayerPacker(upper, TarWriter(sink.write))
    packer.run()
    notes += packer.notes
    return packer.members
