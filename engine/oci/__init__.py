"""What the OCI specifications say, as pure data: no input, no output.

Names load when they are first used: `lamina ps` needs digests and should not wait for manifests.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazily
from engine.oci.digest import Digest

if TYPE_CHECKING:
    from engine.oci.chain import chain_id, chain_ids
    from engine.oci.config import History, ImageConfig, parse_image_config
    from engine.oci.descriptor import Descriptor
    from engine.oci.manifest import Index, Manifest, choose, parse_document
    from engine.oci.platform import Platform
    from engine.oci.reference import Reference
    from engine.oci.run_config import RunConfig
else:
    _HOMES = {
        "History": "config",
        "ImageConfig": "config",
        "RunConfig": "run_config",
        "chain_id": "chain",
        "chain_ids": "chain",
        "parse_image_config": "config",
        "Descriptor": "descriptor",
        "Index": "manifest",
        "Manifest": "manifest",
        "choose": "manifest",
        "parse_document": "manifest",
        "Platform": "platform",
        "Reference": "reference",
    }

    __getattr__ = lazily(__name__, _HOMES)


__all__ = [
    "Descriptor",
    "Digest",
    "History",
    "ImageConfig",
    "Index",
    "Manifest",
    "Platform",
    "Reference",
    "RunConfig",
    "chain_id",
    "chain_ids",
    "choose",
    "parse_document",
    "parse_image_config",
]
