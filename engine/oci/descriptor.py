"""Descriptors: what a document says about bytes that lie elsewhere.

Source: OCI image-spec 1.1, descriptor.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.oci.digest import Digest
from engine.oci.platform import Platform
from engine.oci.strict import Fields

DESCRIPTOR_KEYS = (
    "mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform",
)  # fmt: skip
_PLATFORM_KEYS = ("architecture", "os", "os.version", "os.features", "variant", "features")
_MEDIA_TYPE = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Bytes by type, digest and size.

    :param size: bytes.
    :param urls: other places to find them; kept as text and never asked, for they may lead anywhere.
    :param platform: of an index's entry, where it names one.
    """

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: Platform | None = None
    artifact_type: str = ""


def read_descriptor(fields: Fields) -> Descriptor:
    """The descriptor in one JSON object.

    :raises Malformed: a field is missing or wrong.
    """
    media_type = fields.text("mediaType")
    if not re.fullmatch(f"{_MEDIA_TYPE}/{_MEDIA_TYPE}", media_type):
        fields.fail("mediaType", "a media type")
    return Descriptor(
        media_type=media_type,
        digest=Digest.parse(fields.text("digest")),
        size=fields.integer("size"),
        urls=fields.texts("urls"),
        annotations=fields.table("annotations"),
        platform=_read_platform(fields) if "platform" in fields else None,
        artifact_type=fields.text("artifactType", ""),
    )


def _read_platform(fields: Fields) -> Platform:
    platform = fields.fields("platform", _PLATFORM_KEYS)
    return Platform.of(platform.text("os"), platform.text("architecture"), platform.text("variant", ""))
