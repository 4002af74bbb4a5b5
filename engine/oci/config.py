"""Image configs: how an image wants to be run, what it is made of, and how it came to be.

Sources: OCI image-spec 1.1, config.md; Docker image-spec 1.2, whose config has the same keys.
All text is kept as it came and means nothing to the engine until a container is made of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.errors import LimitExceeded
from engine.oci.digest import Digest
from engine.oci.manifest import LAYERS_LIMIT
from engine.oci.platform import Platform
from engine.oci.run_config import HealthCheck, RunConfig
from engine.oci.strict import Fields, read_object

CONFIG_LIMIT = 4 << 20  # bytes
_HISTORY_LIMIT = 10_000
_KEYS = (
    "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config", "rootfs",
    "history",
)  # fmt: skip
_RUN_KEYS = (
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
    "ArgsEscaped", "Memory", "MemorySwap", "CpuShares", "Healthcheck",
)  # fmt: skip
_HEALTH_KEYS = ("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")
_ROOTFS_KEYS = ("type", "diff_ids")
_HISTORY_KEYS = ("created", "author", "created_by", "comment", "empty_layer")
# RFC 3339, as Go writes time.Time.
_TIME = r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)"
_NANOSECONDS = 1e9  # Go's time.Duration counts them
_GO_ZERO_TIME = -62135596800.0  # 0001-01-01T00:00:00Z, Go's "never"


class History(NamedTuple):
    """One instruction that made the image.

    :param created: seconds since the epoch.
    :param empty_layer: it made no layer.
    """

    created: float | None
    created_by: str
    author: str
    comment: str
    empty_layer: bool


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """One image's config; the digest of `raw` is the image's id.

    :param created: seconds since the epoch.
    :param diff_ids: digests of the unpacked layer archives, base first.
    :param history: oldest first; need not agree with `diff_ids`.
    """

    platform: Platform
    created: float | None
    author: str
    run: RunConfig
    diff_ids: tuple[Digest, ...]
    history: tuple[History, ...]
    raw: bytes = field(repr=False)


def parse_image_config(raw: bytes) -> ImageConfig:
    """The image config in `raw`.

    :raises LimitExceeded: larger than 4 MiB, or more layers than anything could stack.
    :raises Malformed: it breaks its specification or could be read in two ways.
    """
    fields = read_object(raw, "image config", CONFIG_LIMIT, _KEYS)
    return ImageConfig(
        platform=Platform.of(fields.text("os"), fields.text("architecture"), fields.text("variant", "")),
        created=_time(fields),
        author=fields.text("author", ""),
        run=_run_config(fields.fields("config", _RUN_KEYS)),
        diff_ids=_diff_ids(fields.fields("rootfs", _ROOTFS_KEYS)),
        history=tuple(_history(entry) for entry in fields.each("history", _HISTORY_KEYS, _HISTORY_LIMIT)),
        raw=raw,
    )


def _run_config(fields: Fields) -> RunConfig:
    return RunConfig(
        # A name alone would be filled from the host's environment by tools that pass it on.
        env=tuple(entry for entry in fields.texts("Env") if entry.find("=") > 0),
        entrypoint=fields.texts("Entrypoint"),
        cmd=fields.texts("Cmd"),
        user=fields.text("User", ""),
        workdir=fields.text("WorkingDir", ""),
        exposed_ports=fields.names("ExposedPorts"),
        volumes=fields.names("Volumes"),
        labels=fields.table("Labels"),
        stop_signal=fields.text("StopSignal", ""),
        healthcheck=_healthcheck(fields.fields("Healthcheck", _HEALTH_KEYS)),
    )


def _healthcheck(fields: Fields) -> HealthCheck:
    def number(key: str) -> int:
        return fields.integer(key) if key in fields else 0

    return HealthCheck(
        test=fields.texts("Test"),
        interval=number("Interval") / _NANOSECONDS,
        timeout=number("Timeout") / _NANOSECONDS,
        start_period=number("StartPeriod") / _NANOSECONDS,
        start_interval=number("StartInterval") / _NANOSECONDS,
        retries=number("Retries"),
    )


def _diff_ids(fields: Fields) -> tuple[Digest, ...]:
    if fields.text("type") != "layers":
        fields.fail("type", "layers")
    texts = fields.texts("diff_ids")
    if len(texts) > LAYERS_LIMIT:
        raise LimitExceeded(f"the image config names {len(texts)} layers, more than {LAYERS_LIMIT}")
    return tuple(Digest.parse(text) for text in texts)


def _history(fields: Fields) -> History:
    return History(
        created=_time(fields),
        created_by=fields.text("created_by", ""),
        author=fields.text("author", ""),
        comment=fields.text("comment", ""),
        empty_layer=fields.flag("empty_layer"),
    )


def _time(fields: Fields) -> float | None:
    text = fields.text("created", "")
    if not text:
        return None
    match = re.fullmatch(_TIME, text, re.ASCII)
    if not match:
        fields.fail("created", "a time such as 2024-05-01T12:00:00Z")
    from datetime import datetime  # a millisecond that images without times need not pay

    whole, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(whole.upper() + ("+00:00" if zone in "Zz" else zone)).timestamp()
    except ValueError:
        fields.fail("created", "a time that exists")
    return None if moment == _GO_ZERO_TIME else moment + float(f"0.{fraction or 0}")
