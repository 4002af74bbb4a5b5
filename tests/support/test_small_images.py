"""The small real images are what their text says, and a real registry serves them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.peers import PeerRegistry, answers
from tests.support.small_images import SmallImages, unpack

pytestmark = pytest.mark.system


def test_the_registry_serves_every_small_image(
    small_images: SmallImages, peer_registry: PeerRegistry
) -> None:
    names = ("small/base:1", "small/odd:1", "small/app:1", "small/app:2")
    assert all(answers(peer_registry.host, f"/v2/{name.replace(':', '/manifests/')}") for name in names)


def test_the_odd_image_has_what_layers_can_hold(small_images: SmallImages, tmp_path: Path) -> None:
    odd = unpack(small_images.layout, "odd", tmp_path / "bundle") / "odd"
    assert os.getxattr(odd / "file", "user.colour") == b"blue\0green"
    assert stat.S_ISFIFO((odd / "pipe").lstat().st_mode)
    assert (odd / "setuid").stat().st_mode & 0o7777 == 0o6755
    assert not (odd / "hidden-directory").exists()
    assert [entry.name for entry in (odd / "replaced-directory").iterdir()] == ["new"]
