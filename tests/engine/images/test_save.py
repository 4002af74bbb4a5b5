import json
import os
import tarfile
import threading
from pathlib import Path

import pytest

from engine.errors import AlreadyExists, Corrupt, InvalidArgument, NotFound
from engine.images.archive_models import ArchiveFormat, Compression
from engine.images.service import ImageService
from engine.oci import Digest
from engine.settings import Settings
from tests.engine.images.publish import Registry, layer, noise

BASE = layer({"etc/os": b"base", "bin/big": noise("base", 400_000)})
APP1 = layer({"srv/app": b"one"})
APP2 = layer({"srv/app": b"two"})


@pytest.fixture
async def web(images: ImageService, registry: Registry) -> tuple[str, str]:
    first, second = registry.publish("web:1", BASE, APP1), registry.publish("web:2", BASE, APP2)
    for reference in (first, second):
        await images.pull(reference)
    return first, second


def second_store(tmp_path: Path) -> ImageService:
    return ImageService(Settings(tmp_path / "second", tmp_path / "second/run"), running=lambda _: False)


@pytest.mark.parametrize("form", list(ArchiveFormat))
@pytest.mark.parametrize("compression", [None, Compression.GZIP, Compression.ZSTD, Compression.NONE])
async def test_what_is_saved_loads_with_the_same_id_and_layers(
    images: ImageService,
    web: tuple[str, str],
    tmp_path: Path,
    form: ArchiveFormat,
    compression: Compression | None,
) -> None:
    path = tmp_path / "archive"
    images.save(web, path, form, compression)
    other = second_store(tmp_path)
    await other.load(path)
    for reference in web:
        assert other.resolve(reference) == images.resolve(reference)


@pytest.mark.parametrize("form", [ArchiveFormat.OCI, ArchiveFormat.OCI_DIRECTORY])
async def test_an_image_layout_keeps_manifest_and_blobs(
    images: ImageService, web: tuple[str, str], tmp_path: Path, form: ArchiveFormat
) -> None:
    path = tmp_path / "archive"
    result = images.save(web, path, form)
    other = second_store(tmp_path)
    await other.load(path)
    assert result.notes == ()
    for reference in web:
        mine, its = images.get(reference), other.get(reference)
        assert its.summary.manifest_digest == mine.summary.manifest_digest
        assert [row.blob_digest for row in its.layers] == [row.blob_digest for row in mine.layers]


async def test_a_stream_has_the_same_bytes_as_a_file(
    images: ImageService, web: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "a.tar"
    reader, writer = os.pipe()
    received = bytearray()

    def receive() -> None:
        with open(reader, "rb") as file:
            received.extend(file.read())

    thread = threading.Thread(target=receive)
    thread.start()
    size = images.save(web, writer).size
    os.close(writer)
    thread.join()
    images.save(web, path)
    assert bytes(received) == path.read_bytes()
    assert size == len(received)


async def test_a_layer_of_two_images_is_written_once(
    images: ImageService, web: tuple[str, str], tmp_path: Path
) -> None:
    images.save(web, tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as tar:
        names = tar.getnames()
    assert names.count(f"blobs/sha256/{BASE.diff_id.hex}") == 1
    assert len(names) == len(set(names))


async def test_tags_that_two_images_share_are_told_apart(
    images: ImageService, registry: Registry, tmp_path: Path
) -> None:
    names = registry.publish("one:1", BASE), registry.publish("two:1", APP1)
    for name in names:
        await images.pull(name)
    images.save(names, tmp_path / "layout", ArchiveFormat.OCI_DIRECTORY)
    index = json.loads((tmp_path / "layout/index.json").read_bytes())
    found = [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in index["manifests"]]
    assert found == list(names)


async def test_a_layer_that_came_packed_otherwise_is_replaced_by_its_equal(
    images: ImageService, registry: Registry, tmp_path: Path
) -> None:
    again = layer({"etc/os": b"base", "bin/big": noise("base", 400_000)}, level=9)
    await images.pull(registry.publish("web:1", BASE))
    second = registry.publish("web:2", again, APP1)
    await images.pull(second)
    result = images.save([second], tmp_path / "a.tar", ArchiveFormat.OCI)
    assert "packed otherwise" in result.notes[0]
    other = second_store(tmp_path)
    await other.load(tmp_path / "a.tar")
    assert other.resolve(second).diff_ids == (BASE.diff_id, APP1.diff_id)


async def test_a_damaged_blob_is_never_saved(
    images: ImageService, web: tuple[str, str], tmp_path: Path
) -> None:
    blob = images._parts.blobs.path(BASE.digest)
    blob.chmod(0o600)
    blob.write_bytes(BASE.blob[:-1] + bytes([BASE.blob[-1] ^ 1]))
    for form in ArchiveFormat:
        with pytest.raises(Corrupt, match="damaged"):
            images.save(web, tmp_path / "archive", form)
    assert os.listdir(tmp_path) == ["registry"]


async def test_a_missing_blob_is_named(images: ImageService, web: tuple[str, str], tmp_path: Path) -> None:
    images._parts.blobs.remove(BASE.digest)
    with pytest.raises(NotFound, match=BASE.digest.short):
        images.save(web, tmp_path / "a.tar")


async def test_an_image_by_its_id_has_no_name_in_the_archive(
    images: ImageService, web: tuple[str, str], tmp_path: Path
) -> None:
    (saved,) = images.save([images.resolve(web[0]).id.short], tmp_path / "a.tar").images
    assert saved.names == ()


async def test_a_directory_that_is_not_empty_is_left_alone(
    images: ImageService, web: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout/mine").touch()
    with pytest.raises(AlreadyExists):
        images.save(web, tmp_path / "layout", ArchiveFormat.OCI_DIRECTORY)
    with pytest.raises(InvalidArgument):
        images.save(web, tmp_path / "layout", ArchiveFormat.OCI)
    assert os.listdir(tmp_path / "layout") == ["mine"]


def test_an_image_that_is_not_here_cannot_be_saved(images: ImageService, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        images.save([Digest.of(b"none").hex[:12]], tmp_path / "a.tar")
    assert os.listdir(tmp_path) == []
