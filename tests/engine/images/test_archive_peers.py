"""What Lamina saves, podman, skopeo and umoci take; what they write, Lamina takes; digests stay."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from engine.images.archive_models import ArchiveFormat, Compression
from engine.images.models import ImageDetail
from engine.images.service import ImageService
from engine.settings import Settings
from tests.engine.layers.differ import compare
from tests.support.peers import PeerRegistry, needs_programs, run
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture
async def odd(images: ImageService, small_images: SmallImages) -> ImageDetail:
    """The image with every kind of entry, pulled."""
    await images.pull(small_images.odd)
    return images.get(small_images.odd)


def identity(image: ImageDetail) -> tuple[object, ...]:
    return image.summary.id, tuple(layer.diff_id for layer in image.layers)


def skopeo_copy(source: str, target: str, *options: str) -> None:
    needs_programs("skopeo")
    run("skopeo", "--insecure-policy", "copy", "--quiet", *options, source, target)


class Podman(Protocol):
    """Runs podman; gives what it wrote."""

    def __call__(self, *words: str) -> str: ...


@pytest.fixture
def podman() -> Iterator[Podman]:
    """Podman on a store of its own, which copies files instead of mounting layers."""
    needs_programs("podman")
    # Podman takes no run directory whose path is longer than 50 characters.
    with tempfile.TemporaryDirectory(prefix="lm-podman-", dir="/var/tmp") as place:
        places = ("--root", f"{place}/store", "--runroot", f"{place}/run", "--storage-driver", "vfs")
        yield lambda *words: run("podman", *places, *words)


@pytest.mark.parametrize("compression", [None, Compression.GZIP])
def test_skopeo_reads_a_docker_archive(
    images: ImageService, odd: ImageDetail, tmp_path: Path, compression: Compression | None
) -> None:
    images.save([odd.summary.names[0]], tmp_path / "a.tar", compression=compression)
    skopeo_copy(f"docker-archive:{tmp_path}/a.tar", f"oci:{tmp_path}/layout:it")
    run("umoci", "unpack", "--image", f"{tmp_path}/layout:it", str(tmp_path / "bundle"))
    assert (tmp_path / "bundle/rootfs/odd/replaced-directory/new").read_text() == "new\n"
    told = json.loads(run("skopeo", "inspect", "--config", f"oci:{tmp_path}/layout:it"))
    assert told["rootfs"]["diff_ids"] == [layer.diff_id for layer in odd.layers]


@pytest.mark.parametrize("compression", [None, Compression.NONE, Compression.ZSTD])
def test_skopeo_finds_the_digests_of_an_image_layout(
    images: ImageService, odd: ImageDetail, tmp_path: Path, compression: Compression | None
) -> None:
    (saved,) = images.save([odd.summary.names[0]], tmp_path / "a.tar", ArchiveFormat.OCI, compression).images
    told = json.loads(run("skopeo", "inspect", f"oci-archive:{tmp_path}/a.tar:1"))
    assert told["Digest"] == saved.manifest_digest
    if compression is None:
        assert saved.manifest_digest == odd.summary.manifest_digest


def test_umoci_unpacks_a_saved_layout_to_the_same_tree(
    images: ImageService, odd: ImageDetail, small_images: SmallImages, tmp_path: Path
) -> None:
    needs_programs("umoci")
    images.save([odd.summary.names[0]], tmp_path / "layout", ArchiveFormat.OCI_DIRECTORY)
    run("umoci", "unpack", "--image", f"{tmp_path}/layout:1", str(tmp_path / "ours"))
    run("umoci", "unpack", "--image", f"{small_images.layout}:odd", str(tmp_path / "theirs"))
    assert compare(str(tmp_path / "ours/rootfs"), str(tmp_path / "theirs/rootfs")) == []


@pytest.mark.parametrize("form", list(ArchiveFormat))
def test_podman_loads_what_is_saved(
    images: ImageService, odd: ImageDetail, podman: Podman, tmp_path: Path, form: ArchiveFormat
) -> None:
    images.save([odd.summary.names[0]], tmp_path / "archive", form)
    podman("load", "-q", "-i", str(tmp_path / "archive"))
    (row,) = json.loads(podman("images", "--format", "json", "--no-trunc"))
    assert row["Id"] == odd.summary.id.hex
    told = json.loads(podman("image", "inspect", row["Id"]))[0]
    assert told["RootFS"]["Layers"] == [layer.diff_id for layer in odd.layers]


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
async def test_what_podman_saves_is_loaded(
    odd: ImageDetail, small_images: SmallImages, podman: Podman, tmp_path: Path, form: str
) -> None:
    podman("pull", "-q", "--tls-verify=false", small_images.odd)
    podman("save", "-q", "--format", form, "-o", str(tmp_path / "a.tar"), small_images.odd)
    other = second_store(tmp_path)
    await other.load(tmp_path / "a.tar")
    assert identity(other.get(small_images.odd)) == identity(odd)


@pytest.mark.parametrize("transport", ["docker-archive", "oci-archive", "oci"])
async def test_what_skopeo_writes_is_loaded(
    odd: ImageDetail, small_images: SmallImages, tmp_path: Path, transport: str
) -> None:
    target = f"{transport}:{tmp_path}/archive:peer/odd:1"
    skopeo_copy(f"oci:{small_images.layout}:odd", target)
    other = second_store(tmp_path)
    await other.load(tmp_path / "archive")
    assert identity(other.get("peer/odd:1")) == identity(odd)


async def test_what_skopeo_writes_into_a_plain_directory_is_loaded(
    odd: ImageDetail, small_images: SmallImages, tmp_path: Path
) -> None:
    skopeo_copy(f"oci:{small_images.layout}:odd", f"dir:{tmp_path}/plain")
    other = second_store(tmp_path)
    (loaded,) = (await other.load(tmp_path / "plain")).images
    assert (loaded.names, identity(other.get(loaded.id))) == ((), identity(odd))


async def test_all_images_of_umocis_layout_are_loaded(small_images: SmallImages, tmp_path: Path) -> None:
    other = second_store(tmp_path)
    loaded = (await other.load(small_images.layout)).images
    assert sorted(name for image in loaded for name in image.names) == [
        "app1:latest", "app2:latest", "base:latest", "odd:latest",
    ]  # fmt: skip
    index = json.loads((small_images.layout / "index.json").read_bytes())
    assert {image.summary.manifest_digest for image in map(other.get, ("base", "odd", "app1", "app2"))} == {
        entry["digest"] for entry in index["manifests"]
    }


async def test_a_loaded_image_goes_back_to_a_registry_as_it_was(
    small_images: SmallImages, peer_registry: object, tmp_path: Path
) -> None:
    other = second_store(tmp_path)
    await other.load(small_images.layout)
    target = small_images.odd.replace("small/odd:1", "again/odd:1")
    other.tag("odd", target)
    assert (await other.push(target)).digest == other.get("odd").summary.manifest_digest


async def test_podman_pulls_what_is_pushed(
    images: ImageService, odd: ImageDetail, peer_registry: PeerRegistry, podman: Podman
) -> None:
    target = f"{peer_registry.host}/pushed/odd:1"
    images.tag(odd.summary.names[0], target)
    assert (await images.push(target)).digest == odd.summary.manifest_digest
    podman("pull", "-q", "--tls-verify=false", target)
    told = json.loads(podman("image", "inspect", target))[0]
    assert (told["Id"], told["Digest"]) == (odd.summary.id.hex, odd.summary.manifest_digest)
    assert told["RootFS"]["Layers"] == [layer.diff_id for layer in odd.layers]


@pytest.mark.parametrize("options", [("--format", "v2s2"), ("--dest-compress-format", "zstd")], ids=" ".join)
async def test_what_skopeo_pushes_in_another_form_stays_what_it_is(
    images: ImageService, peer_registry: PeerRegistry, small_images: SmallImages, tmp_path: Path,
    options: tuple[str, ...],
) -> None:  # fmt: skip
    peer_registry.copy(f"oci:{small_images.layout}:odd", "other/odd:1", *options)
    name, target = f"{peer_registry.host}/other/odd:1", f"{peer_registry.host}/back/odd:1"
    told = json.loads(run("skopeo", "inspect", "--tls-verify=false", f"docker://{name}"))
    await images.pull(name)
    assert images.get(name).summary.manifest_digest == told["Digest"]
    images.tag(name, target)
    assert (await images.push(target)).digest == told["Digest"]
    saved = images.save([name], tmp_path / "a.tar", ArchiveFormat.OCI)
    found = json.loads(run("skopeo", "inspect", f"oci-archive:{tmp_path}/a.tar:1"))
    # An image layout holds no manifest of Docker's: what it has instead is said.
    assert found["Digest"] == told["Digest"] or found["Digest"] in saved.notes[0]
    assert images.get(name).summary.id == saved.images[0].id


async def test_several_images_go_through_one_archive_and_back(
    images: ImageService, small_images: SmallImages, podman: Podman, tmp_path: Path
) -> None:
    names = [small_images.app1, small_images.app2]
    for name in names:
        await images.pull(name)
    images.save(names, tmp_path / "ours.tar")
    podman("load", "-q", "-i", str(tmp_path / "ours.tar"))
    podman("save", "-q", "-m", "-o", str(tmp_path / "theirs.tar"), *names)
    other = second_store(tmp_path)
    await other.load(tmp_path / "theirs.tar")
    assert [identity(other.get(name)) for name in names] == [identity(images.get(name)) for name in names]


def second_store(tmp_path: Path) -> ImageService:
    return ImageService(Settings(tmp_path / "second", tmp_path / "second/run"), running=lambda _: False)
