import asyncio
import gzip
import json
import os
import tarfile
from pathlib import Path

import pytest
import zstandard

from engine.errors import (
    DigestMismatch,
    InvalidArgument,
    LaminaError,
    LimitExceeded,
    Malformed,
    NotFound,
    NotSupported,
)
from engine.images.service import ImageService
from engine.oci import Digest, Platform
from engine.settings import Settings
from engine.store import Layout
from tests.engine.images import archives
from tests.engine.images.publish import Registry, layer, noise

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 400_000)})
APP = layer({"srv/app": b"one"})
CONFIG = archives.config_of(BASE, APP)
PLAIN = {"aa/layer.tar": BASE.archive, "bb/layer.tar": APP.archive}
SHORT = "org.opencontainers.image.ref.name"


async def test_a_docker_archive_brings_its_image(images: ImageService, tmp_path: Path) -> None:
    path = archives.write_tar(tmp_path / "a.tar", archives.docker_files(CONFIG, PLAIN, ["web:1", "me/web:2"]))
    (loaded,) = (await images.load(path)).images
    assert loaded.id == Digest.of(CONFIG)
    assert loaded.names == ("web:1", "me/web:2")
    assert images.resolve("me/web:2").diff_ids == (BASE.diff_id, APP.diff_id)


async def test_a_layer_that_old_docker_wrote_as_a_link_is_followed(
    images: ImageService, tmp_path: Path
) -> None:
    config = archives.config_of(BASE, BASE)
    files = archives.docker_files(config, {"aa/layer.tar": BASE.archive})
    files["manifest.json"] = files["manifest.json"].replace(
        b'["aa/layer.tar"]', b'["aa/layer.tar", "bb/layer.tar"]'
    )
    path = archives.write_tar(tmp_path / "a.tar", files, {"bb/layer.tar": "../aa/layer.tar"})
    (loaded,) = (await images.load(path)).images
    assert images.resolve(loaded.id).diff_ids == (BASE.diff_id, BASE.diff_id)


async def test_packed_layers_of_a_docker_archive_are_taken(images: ImageService, tmp_path: Path) -> None:
    packed = {"aa/layer.tar": BASE.blob, "bb/layer.tar": zstandard.compress(APP.archive)}
    await images.load(archives.write_tar(tmp_path / "a.tar", archives.docker_files(CONFIG, packed)))
    assert images.get("web:1").layers[0].blob_digest == BASE.digest


async def test_an_image_layout_keeps_its_digests(images: ImageService, tmp_path: Path) -> None:
    files = archives.oci_files(CONFIG, BASE, APP, annotations={SHORT: "web:1"})
    (loaded,) = (await images.load(archives.write_directory(tmp_path / "layout", files))).images
    detail = images.get("web:1")
    assert loaded.names == ("web:1",)
    assert archives.blob_name(b"")[:13] + detail.summary.manifest_digest.hex in files
    assert [row.blob_digest for row in detail.layers] == [BASE.digest, APP.digest]


def _plain_directory(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of an image layout as skopeo's `dir:` has them."""
    blobs = {name.rpartition("/")[2]: data for name, data in files.items() if name.startswith("blobs/")}
    (top,) = json.loads(files["index.json"])["manifests"]
    manifest = blobs.pop(top["digest"].removeprefix("sha256:"))
    return {**blobs, "manifest.json": manifest, "version": b"Directory Transport Version: 1.1\n"}


async def test_a_plain_directory_keeps_its_digests(images: ImageService, tmp_path: Path) -> None:
    files = _plain_directory(archives.oci_files(CONFIG, BASE, APP))
    (loaded,) = (await images.load(archives.write_directory(tmp_path / "plain", files))).images
    detail = images.get(loaded.id)
    assert loaded.names == ()
    assert detail.summary.manifest_digest == Digest.of(files["manifest.json"])
    assert [row.blob_digest for row in detail.layers] == [BASE.digest, APP.digest]


async def test_a_plain_directory_of_several_platforms_gives_ours(
    images: ImageService, tmp_path: Path
) -> None:
    files = _plain_directory(archives.oci_files(CONFIG, BASE, APP))
    manifest = files.pop("manifest.json")
    ours = Digest.of(manifest)
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": len(manifest)}
    platforms = ({"os": "linux", "architecture": "s390x"}, Platform.host()._asdict())
    entries = [
        {**entry, "digest": digest, "platform": {key: value for key, value in platform.items() if value}}
        for digest, platform in zip((Digest.of(b"other"), ours), platforms, strict=True)
    ]
    files["manifest.json"] = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    files[f"{ours.hex}.manifest.json"] = manifest
    await images.load(archives.write_directory(tmp_path / "plain", files))
    assert images.list()[0].manifest_digest == ours


async def test_a_plain_directory_with_a_wrong_blob_is_refused(images: ImageService, tmp_path: Path) -> None:
    files = _plain_directory(archives.oci_files(CONFIG, BASE, APP))
    files[Digest.of(CONFIG).hex] = CONFIG[:-1] + b" "
    with pytest.raises(DigestMismatch):
        await images.load(archives.write_directory(tmp_path / "plain", files))
    assert images.list() == []


@pytest.mark.parametrize("pack", [bytes, lambda data: gzip.compress(data, 1), zstandard.compress])
async def test_an_archive_can_come_packed_and_through_a_pipe(
    images: ImageService, settings: Settings, pack: type[bytes]
) -> None:
    data = pack(archives.tar_of(archives.oci_files(CONFIG, BASE, APP, annotations={SHORT: "web:1"})))
    reader, writer = os.pipe()

    def feed() -> None:
        with open(writer, "wb") as file:
            file.write(data)

    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(feed))
        loading = group.create_task(images.load(reader))
    os.close(reader)
    assert loading.result().images[0].names == ("web:1",)
    assert os.listdir(Layout.of(settings).ingest) == []


async def test_layers_that_are_here_are_not_read_again(
    images: ImageService, registry: Registry, tmp_path: Path
) -> None:
    await images.pull(registry.publish("base:1", BASE))
    files = archives.oci_files(CONFIG, BASE, APP, annotations={SHORT: "web:1"})
    (loaded,) = (await images.load(archives.write_tar(tmp_path / "a.tar", files))).images
    assert loaded.read_bytes == len(APP.blob)


async def test_an_image_without_a_name_is_here_by_its_id(images: ImageService, tmp_path: Path) -> None:
    path = archives.write_tar(tmp_path / "a.tar", archives.docker_files(CONFIG, PLAIN, []))
    (loaded,) = (await images.load(path)).images
    assert loaded.names == ()
    assert images.list()[0].id == loaded.id


def _changed(name: str, data: bytes) -> dict[str, bytes]:
    return {**archives.docker_files(CONFIG, PLAIN), name: data}


def _without(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {each: data for each, data in files.items() if each != name}


def _oci(**changes: bytes) -> dict[str, bytes]:
    return {**archives.oci_files(CONFIG, BASE, APP), **changes}


_FLIPPED = BASE.archive[:-2000] + b"x" + BASE.archive[-1999:]
HOSTILE: list[tuple[str, dict[str, bytes], dict[str, str], type[LaminaError]]] = [
    ("a layer of other bytes", _changed("aa/layer.tar", _FLIPPED), {}, DigestMismatch),
    ("a config of other bytes", _changed(f"{Digest.of(CONFIG).hex}.json", CONFIG + b" "), {}, DigestMismatch),
    ("a layer that is empty", _changed("aa/layer.tar", b""), {}, DigestMismatch),
    ("a layer that is missing", _without(_changed("x", b""), "bb/layer.tar"), {}, Malformed),
    ("a path that leads out", _changed("../../etc/passwd", b"x"), {}, Malformed),
    ("an absolute path", _changed("/etc/passwd", b"x"), {}, Malformed),
    ("a link that leads out", _changed("x", b""), {"cc/layer.tar": "../../../etc/passwd"}, Malformed),
    ("links in a circle", archives.docker_files(CONFIG, {}), {"a": "b", "b": "a"}, Malformed),
    ("a manifest.json that is no list", _changed("manifest.json", b"{}"), {}, Malformed),
    ("a key twice", _changed("manifest.json", b'[{"Config":"a","Config":"b"}]'), {}, Malformed),
    ("a manifest.json beyond measure", _changed("manifest.json", b" " * (5 << 20)), {}, LimitExceeded),
    ("nothing of an image", {"README": b"hello"}, {}, InvalidArgument),
    ("only what Docker 1.9 wrote", {"repositories": b"{}"}, {}, NotSupported),
    ("an index without its blobs", _without(_oci(), archives.blob_name(CONFIG)), {}, Malformed),
    ("a blob of another size", _oci(**{archives.blob_name(CONFIG): b"{}"}), {}, DigestMismatch),
    ("a layer blob of other bytes", _oci(**{archives.blob_name(BASE.blob): BASE.blob[:-1] + b"x"}), {},
     DigestMismatch),
    ("another layout version", _oci(**{"oci-layout": b'{"imageLayoutVersion":"2.0.0"}'}), {}, Malformed),
    ("two forms that contradict", {
        **archives.docker_files(archives.config_of(APP), {"bb/layer.tar": APP.archive}),
        **archives.oci_files(CONFIG, BASE, APP, annotations={SHORT: "web:1"}),
     }, {}, Malformed),
]  # fmt: skip


@pytest.mark.parametrize(("what", "files", "links", "error"), HOSTILE, ids=[case[0] for case in HOSTILE])
async def test_a_bad_archive_is_an_error_and_leaves_nothing(
    images: ImageService,
    settings: Settings,
    tmp_path: Path,
    what: str,
    files: dict[str, bytes],
    links: dict[str, str],
    error: type[LaminaError],
) -> None:
    path = archives.write_tar(tmp_path / "a.tar", files, links)
    if what == "links in a circle":
        path.write_bytes(
            archives.tar_of(
                {**files, "manifest.json": b'[{"Config":"a","RepoTags":null,"Layers":[]}]'}, links
            )
        )
    with pytest.raises(error):
        await images.load(path)
    assert images.list() == []
    assert os.listdir(Layout.of(settings).ingest) == []


async def test_a_name_twice_is_refused(images: ImageService, tmp_path: Path) -> None:
    files = archives.docker_files(CONFIG, PLAIN)
    path = tmp_path / "a.tar"
    archives.write_tar(path, files)
    with tarfile.open(path, "a") as tar:
        tar.addfile(tarfile.TarInfo("manifest.json"))
    with pytest.raises(Malformed):
        await images.load(path)


@pytest.mark.parametrize("part", [0, 100, 512, 5000, 200_000])
async def test_an_archive_cut_short_is_an_error(images: ImageService, tmp_path: Path, part: int) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(archives.tar_of(archives.docker_files(CONFIG, PLAIN))[:part])
    with pytest.raises(InvalidArgument):
        await images.load(path)
    assert images.list() == []


async def test_a_directory_leads_nowhere_else(images: ImageService, tmp_path: Path) -> None:
    files = archives.oci_files(CONFIG, BASE, APP)
    directory = archives.write_directory(tmp_path / "layout", files)
    blob = directory / archives.blob_name(BASE.blob)
    blob.rename(tmp_path / "elsewhere")
    blob.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Malformed, match="leads out"):
        await images.load(directory)


async def test_a_fifo_in_a_directory_does_not_hold_us_up(images: ImageService, tmp_path: Path) -> None:
    directory = archives.write_directory(tmp_path / "layout", archives.oci_files(CONFIG, BASE, APP))
    (directory / "index.json").unlink()
    os.mkfifo(directory / "index.json")
    with pytest.raises(Malformed, match="no regular file"):
        await images.load(directory)


async def test_no_such_file_is_said(images: ImageService, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await images.load(tmp_path / "none.tar")


async def test_an_archive_in_xz_is_named_so(images: ImageService, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.xz"
    path.write_bytes(b"\xfd7zXZ\0" + bytes(100))
    with pytest.raises(NotSupported, match="xz"):
        await images.load(path)
