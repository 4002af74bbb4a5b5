"""Images in registries and archives answer as pulled ones do, for the bytes of the layers that are asked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import Conflict, DigestMismatch, LaminaError, NotFound
from engine.images.elsewhere import Reading
from engine.inside import Inside
from engine.oci import Digest
from engine.rooms import Rooms
from engine.settings import Settings
from tests.engine.images.archives import config_of, docker_files, oci_files, write_directory, write_tar
from tests.engine.images.publish import Layer, index_of, layer, noise, registry_of
from tests.support.command import REPOSITORY, Finished, Lamina
from tests.support.peers import needs_programs, run
from tests.support.small_images import SmallImages
from tests.support.terminal import Terminal

_BASE = layer({"etc/motd": b"hello", "srv/app": b"one"})
_NEXT = layer({"srv/app": b"seven", "srv/big": noise("big", 70_000)})
_LAST = layer({"srv/log": b"line\n"})


def left_in(settings: Settings) -> list[Path]:
    """What lies where downloads, blobs and layers do."""
    places = (settings.root / name for name in ("ingest", "blobs/sha256", "layers"))
    return [path for place in places for path in place.iterdir()]


async def test_layers_come_only_as_far_as_asked_and_once(settings: Settings, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        name = f"registry:{registry.publish('app:1', _BASE, _NEXT, _LAST)}"
        found = await Engine(settings).changes(name, 2)
        assert found.counts["changed"] == 1  # type: ignore[index]  # a change is its word
        assert [registry.served(one).bytes for one in (_BASE, _NEXT, _LAST)] == [
            len(_BASE.blob), len(_NEXT.blob), 0,
        ]  # fmt: skip
        assert (await Engine(settings).waste(name)).wasted == 3
        assert (await Engine(settings).waste(name)).wasted == 3
        assert [registry.served(one).requests for one in (_BASE, _NEXT, _LAST)] == [1, 1, 1]
    assert not left_in(settings)


async def test_layers_that_are_here_do_not_travel(settings: Settings, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        old, new = registry.publish("app:1", _BASE), registry.publish("app:2", _BASE, _NEXT)
        engine = Engine(settings)
        await engine.pull(old)
        found = await engine.compare(old, f"docker://{new}")
        assert {file.path for file in found.files} == {"srv/app", "srv/big"}
        assert found.download == registry.served(_NEXT).bytes == len(_NEXT.blob)
        assert registry.served(_BASE).requests == 1


async def test_lying_registry_is_told_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        claimed = (Digest.of(b"another"),)
        name = registry.publish("app:1", _BASE, claimed=claimed)
        with pytest.raises(DigestMismatch):
            await Engine(settings).tree(f"registry:{name}")
    assert not left_in(settings)
    assert not (settings.root / "tables").exists()


async def test_damaged_layer_is_told(settings: Settings, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        name = registry.publish("app:1", Layer(_BASE.archive, _BASE.blob[:-9] + bytes(9)))
        with pytest.raises(LaminaError):
            await Engine(settings).tree(f"registry:{name}")
    assert not left_in(settings)


def archive_of(form: str, place: Path) -> str:
    """An image of two layers, written in a form; its name."""
    config = config_of(_BASE, _NEXT)
    if form == "docker-archive":
        files = docker_files(config, {"a/layer.tar": _BASE.archive, "b/layer.tar": _NEXT.archive})
        return f"docker-archive:{write_tar(place, files)}"
    files = oci_files(config, _BASE, _NEXT, annotations={"org.opencontainers.image.ref.name": "one"})
    write = write_tar if form == "oci-archive" else write_directory
    return f"{form}:{write(place, files)}"


FORMS = pytest.mark.parametrize("form", ["docker-archive", "oci-archive", "oci"])


@FORMS
def test_verbs_look_into_archives(form: str, settings: Settings, lamina: Lamina, tmp_path: Path) -> None:
    name = archive_of(form, tmp_path / "image")
    rows = lamina("tree", name, "/srv", "--format", "json").json()
    assert [(row["path"], row["layer"]) for row in rows] == [("/srv", 1), ("/srv/app", 2), ("/srv/big", 2)]
    assert lamina("waste", name, "--format", "json").json()["wasted"] == 3
    assert lamina("cat", name, "/srv/app").ok().out == "seven"
    assert lamina("cat", name, "/etc/motd").ok().out == "hello"
    assert lamina("check-image", name, "--max-waste", "1").code == 1
    assert not left_in(settings)


@FORMS
def test_directory_is_extracted_from_an_archive(form: str, lamina: Lamina, tmp_path: Path) -> None:
    name = archive_of(form, tmp_path / "image")
    lamina("extract", name, "/srv", str(tmp_path / "out")).ok()
    assert (tmp_path / "out" / "app").read_bytes() == b"seven"
    assert (tmp_path / "out" / "big").read_bytes() == noise("big", 70_000)


def test_text_of_two_archives_is_compared(lamina: Lamina, tmp_path: Path) -> None:
    one = write_directory(tmp_path / "one", oci_files(config_of(_BASE), _BASE))
    two = archive_of("oci-archive", tmp_path / "two")
    lines = lamina("diff", f"oci:{one}", two, "/srv/app", "--format", "json").json()["lines"]
    assert lines[-2:] == ["-one", "+seven"]


def test_hidden_secret_in_an_archive_is_found(lamina: Lamina, tmp_path: Path) -> None:
    secret = layer({"root/.ssh/id_rsa": b"-----BEGIN RSA PRIVATE KEY-----\nabc\n"})
    files = oci_files(config_of(_BASE, secret), _BASE, secret)
    place = write_directory(tmp_path / "image", files)
    finished = lamina("check-image", f"oci:{place}", "--no-hidden-secrets")
    assert finished.code == 1
    assert "id_rsa" in finished.out


async def test_one_of_several_images_is_named(settings: Settings, tmp_path: Path) -> None:
    one = docker_files(config_of(_BASE), {"a.tar": _BASE.archive}, ["web:1"])
    two = docker_files(config_of(_NEXT), {"b.tar": _NEXT.archive}, ["web:2"])
    both = [json.loads(files["manifest.json"])[0] for files in (one, two)]
    place = write_tar(tmp_path / "a.tar", {**one, **two, "manifest.json": json.dumps(both).encode()})
    with pytest.raises(Conflict, match="2 images"):
        await Engine(settings).tree(f"docker-archive:{place}")
    with pytest.raises(NotFound, match="web:3"):
        await Engine(settings).tree(f"docker-archive:{place}:web:3")
    stack = await Engine(settings).tree(f"docker-archive:{place}:web:2")
    assert stack.row_of("srv/big") is not None


@pytest.mark.system
@FORMS
async def test_what_skopeo_writes_is_the_pulled_image(
    form: str, settings: Settings, small_images: SmallImages, tmp_path: Path
) -> None:
    needs_programs("skopeo")
    source, target = f"oci:{small_images.layout}:odd", f"{form}:{tmp_path / 'image'}"
    tag = "odd:1" if form == "docker-archive" else "odd"
    run("skopeo", "--insecure-policy", "copy", "--quiet", source, f"{target}:{tag}")
    engine = Engine(settings)
    apart = await engine.tree(target)
    await engine.pull(small_images.odd)
    pulled = await engine.tree(small_images.odd)
    assert list(map(apart.row, range(len(apart.keys)))) == list(map(pulled.row, range(len(pulled.keys))))


async def test_file_is_read_from_the_topmost_layer_that_has_it(lamina: Lamina, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        name = f"docker://{registry.publish('app:1', _BASE, _NEXT, _LAST)}"
        assert (await run_beside(lamina, "cat", name, "/srv/app")).ok().out == "seven"
        assert [registry.served(one).requests for one in (_BASE, _NEXT, _LAST)] == [0, 1, 1]


async def test_platform_of_an_image_elsewhere_is_chosen(lamina: Lamina, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        registry.publish("one:1", _BASE)
        registry.publish("two:1", _BASE, _NEXT, platform="arm64")
        index_of(registry, "one", "two")
        name = f"docker://{registry.address}/multi:1"
        arm = ("--platform", "linux/arm64")
        assert (await run_beside(lamina, "cat", name, "/srv/app", *arm)).ok().out == "seven"
        (found,) = (await run_beside(lamina, "inspect", name, *arm)).json()
        assert found["Architecture"] == "arm64"
        assert [each["Platform"] for each in found["Platforms"]] == ["linux/amd64", "linux/arm64"]
        refused = await run_beside(lamina, "tree", name, "--platform", "linux/s390x")
        assert "linux/amd64, linux/arm64" in refused.err


async def test_image_that_is_here_is_not_taken_for_another_platform_s(lamina: Lamina, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        name = registry.publish("one:1", _BASE)
        (await run_beside(lamina, "pull", name)).ok()
    assert lamina("tree", name, "--platform", "linux/amd64").code == 0
    assert "is here for linux/amd64" in lamina("tree", name, "--platform", "linux/arm64").err


def test_reading_is_told_layer_by_layer(settings: Settings, tmp_path: Path) -> None:
    told: list[Reading] = []
    place = archive_of("oci-archive", tmp_path / "image")
    Inside(Rooms(settings), on_reading=told.append).waste(place)
    assert told[-1].read == told[-1].layers == 2
    assert told[-1].done == told[-1].total == len(_BASE.blob) + len(_NEXT.blob)


def test_a_person_at_a_terminal_sees_how_far_it_is(lamina: Lamina, tmp_path: Path) -> None:
    name = archive_of("oci-archive", tmp_path / "image")
    with Terminal(lamina.words("cat", name, "/srv/app"), cwd=str(REPOSITORY)) as terminal:
        terminal.until("1 of 1 layer")
        shown = terminal.until("seven")
    # The line is gone before the file is printed.
    assert shown.endswith("\x1b[2K")


async def test_layers_elsewhere_are_told_without_reading_them(lamina: Lamina, tmp_path: Path) -> None:
    async with registry_of(tmp_path) as registry:
        (await run_beside(lamina, "pull", "-q", registry.publish("base:1", _BASE))).ok()
        name = f"docker://{registry.publish('app:1', _BASE, _NEXT)}"
        rows = (await run_beside(lamina, "layers", name, "--format", "json")).json()
        assert registry.served(_NEXT).requests == 0
    keys = ("position", "diff_id", "compressed", "unpacked", "here")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        (1, _BASE.diff_id, len(_BASE.blob), 8, True),
        (2, _NEXT.diff_id, len(_NEXT.blob), None, False),
    ]


async def run_beside(lamina: Lamina, *words: str) -> Finished:
    """Run a command while this process serves a registry."""
    return await asyncio.to_thread(lamina, *words)
