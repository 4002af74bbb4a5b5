"""An image with a volume of every kind of content, and the command line on a store that has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.peers import run
from tests.support.small_images import SmallImages, unpack


@pytest.fixture(scope="session")
def volume_layout(small_images: SmallImages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OCI layout with the image `vol`: VOLUMEs at /data, at /../../up, and one through a link."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    directory = tmp_path_factory.mktemp("volume-image")
    layout = directory / "layout"
    run("cp", "-a", str(small_images.layout), str(layout))
    bundle = directory / "bundle"
    root = unpack(layout, "base", bundle)
    data = root / "data"
    (data / "deep").mkdir(parents=True)
    (data / "deep/file").write_bytes(b"content")
    (data / "gone").write_bytes(b"whited out above")
    (data / "twin").hardlink_to(data / "deep/file")
    (data / "link").symlink_to("/etc/passwd")
    os.mkfifo(data / "fifo")
    os.setxattr(data / "deep/file", "user.note", b"kept")
    os.chown(data / "deep/file", 1000, 1001)
    os.chmod(data / "deep/file", 0o4750)
    os.utime(data / "deep/file", (1, 1_000_000_000))
    os.chown(data, 7, 8)
    os.chmod(data, 0o1770)
    (root / "escape").symlink_to("../../../../../../outside")
    (root / "to-proc").symlink_to("/proc/sys")
    run("umoci", "repack", "--image", f"{layout}:vol", str(bundle))
    (data / "gone").unlink()
    run("umoci", "repack", "--image", f"{layout}:vol", "--refresh-bundle", str(bundle))
    volumes = [word for path in ("/data", "/../../up", "/escape") for word in ("--config.volume", path)]
    run("umoci", "config", "--image", f"{layout}:vol", *volumes, "--config.env", "PATH=/bin")
    return layout


@pytest.fixture
def house(lamina: Lamina, volume_layout: Path, requires_root: None, no_leaks: None) -> Lamina:
    """A store with the image, loaded as `vol`."""
    lamina("load", "-i", str(volume_layout)).ok()
    return lamina
