"""The JSON of verbs about images keeps its keys, for programs read it; one that is added is added here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.engine.images.publish import layer, noise, registry_of
from tests.support.command import Lamina

BASE = layer({"etc/motd": b"hello", "srv/app": b"one"})
NEXT = layer({"srv/app": b"seven", "srv/big": noise("big", 9000)})

IMAGE = "id names manifest_digest created platform compressed unpacked unique shared layers containers"
FILE = "path layer kind size mode uid gid mtime link digest"
DOCUMENTS = {
    "images": IMAGE,
    "layers NEW": "position diff_id blob_digest slot compressed unpacked entries used_by role base_of"
    " created_by created",
    "layers docker://NEW": "position diff_id blob_digest compressed unpacked here created_by created",
    "history NEW": "created created_by comment position unpacked",
    "plan NEW": "reference image_id manifest_digest platform layers fetch_bytes total_bytes disk_bytes",
    "tree NEW": FILE,
    "tree NEW --layer 2": "path change hides kind size mode uid gid mtime link digest",
    "blame NEW /srv/app": "path exists hidden touches",
    "waste NEW": "total wasted efficiency files layers paths",
    "compare OLD NEW": "layers download_bytes shared_bytes files largest settings environment",
    "diff OLD NEW": "layers files settings environment",
    "diff OLD NEW /srv/app": "path equal reason lines",
    "cat NEW /srv/app": "path layer size digest encoding content",
    "sharing": "images layers unpacked saved freed",
    "outdated": "name standing image_id local_digest remote_digest fetch_bytes total_bytes fetch_layers"
    " layers reason",
    "churn HOST/app": "repository tags releases skipped",
    "system df": "rows images containers volumes free",
    "system check": "images blobs layers files size leftovers leftover_bytes problems seconds sound",
    "image prune -f": "images leftovers leftover_bytes freed",
}


@pytest.fixture
def listed(lamina: Lamina, tmp_path: Path) -> dict[str, set[str]]:
    """The keys of each verb's document, or of the first of its records."""

    async def ask() -> dict[str, set[str]]:
        async with registry_of(tmp_path) as registry:
            old, new = registry.publish("app:1", BASE), registry.publish("app:2", BASE, NEXT)
            for name in (old, new):
                (await asyncio.to_thread(lamina, "pull", "-q", name)).ok()
            keys = {}
            for words in DOCUMENTS:
                said = words.replace("OLD", old).replace("NEW", new).replace("HOST", registry.address)
                document = (await asyncio.to_thread(lamina, *said.split(), "--format", "json")).json()
                keys[words] = set(document[0] if isinstance(document, list) else document)
        return keys

    return asyncio.run(ask())


def test_documents_keep_their_keys(listed: dict[str, set[str]]) -> None:
    assert listed == {words: set(keys.split()) for words, keys in DOCUMENTS.items()}
