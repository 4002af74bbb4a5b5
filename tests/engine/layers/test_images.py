"""Real images: every layer unpacked alone and in parallel, mounted, and equal to umoci's unpack."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.layers import Feed, LayerStore, make_seam, overlay_mount
from engine.oci import Descriptor, Digest, Manifest, parse_document, parse_image_config
from tests.engine.layers.making import new_store
from tests.engine.layers.mounting import compare_mounted, why_not

REGISTRY = "127.0.0.1:5000"
IMAGES = ("debian:12", "redis:7", "python:3.11", "postgres:15", "postgres:15.1")


def _missing() -> str:
    for program in ("umoci", "skopeo"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    asked = subprocess.run(
        ["skopeo", "list-tags", "--tls-verify=false", f"docker://{REGISTRY}/debian"],
        check=False, capture_output=True,
    )  # fmt: skip
    return f"no registry with images at {REGISTRY}" if asked.returncode else why_not()


_WHY = _missing()
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(_WHY), reason=_WHY or "-"),
    pytest.mark.timeout(300),
]


@pytest.mark.parametrize("name", IMAGES)
async def test_an_image_mounts_to_what_umoci_unpacks(name: str, tmp_path: Path) -> None:
    image = tmp_path / "image"
    _run("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{REGISTRY}/{name}", f"oci:{image}:t")
    store = new_store(tmp_path / "store")
    diff_ids = await _unpack_all(store, image)
    seam = make_seam(store, store.layout, diff_ids)
    mount = overlay_mount(store, diff_ids, None, None, seam)
    _run("umoci", "unpack", "--image", f"{image}:t", str(tmp_path / "bundle"))
    assert compare_mounted(mount, tmp_path / "mounted", tmp_path / "bundle" / "rootfs") == []


async def _unpack_all(store: LayerStore, image: Path) -> tuple[Digest, ...]:
    index = json.loads((image / "index.json").read_text())
    first = index["manifests"][0]
    manifest = parse_document(_blob(image, first["digest"]).read_bytes(), first["mediaType"])
    assert isinstance(manifest, Manifest)
    config = parse_image_config(_blob(image, manifest.config.digest).read_bytes())

    async def bring(layer: Descriptor, diff_id: Digest) -> None:
        feed = Feed()
        feed.done()
        await store.unpack(diff_id, _blob(image, layer.digest), layer.size, layer.digest, feed=feed)

    await asyncio.gather(*map(bring, manifest.layers, config.diff_ids))
    return config.diff_ids


def _blob(image: Path, digest: str) -> Path:
    return image / "blobs" / "sha256" / digest.removeprefix("sha256:")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
