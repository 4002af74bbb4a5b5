"""Archives of files as images, and changes to a config in the words of a Dockerfile."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidArgument, LaminaError, Malformed, NotSupported
from engine.images.changing import apply_changes
from engine.images.making import MadeImage
from engine.images.service import ImageService
from engine.settings import Settings
from engine.store.layout import Layout


def _archive(**files: bytes) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


async def _import(settings: Settings, data: bytes, path: Path, *args: str, **options: Any) -> MadeImage:
    Layout.of(settings).create()
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return await ImageService(settings).import_archive(descriptor, *args, **options)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
async def test_an_archive_becomes_an_image_of_one_layer(
    settings: Settings, tmp_path: Path, pack: Any
) -> None:
    made = await _import(settings, pack(_archive(a=b"text")), tmp_path / "a", "made:1", message="why")
    detail = ImageService(settings).get("made:1")
    assert (detail.summary.id, len(detail.layers), detail.summary.unpacked) == (made.id, 1, 4)
    assert detail.history[0].comment == "why"


async def test_a_platform_and_changes_are_taken_over(settings: Settings, tmp_path: Path) -> None:
    changes = ("CMD sh", 'ENTRYPOINT ["/a"]', "ENV A=1")
    await _import(settings, _archive(a=b""), tmp_path / "a", "m:1", changes=changes, platform="linux/arm/v6")
    detail = ImageService(settings).get("m:1")
    assert (detail.summary.platform, detail.entrypoint, detail.cmd) == (
        "linux/arm/v6",
        ("/a",),
        ("/bin/sh", "-c", "sh"),
    )
    assert detail.env == ("A=1",)


@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, _archive(a=b"x" * 5000)[:2000]])
async def test_what_is_no_archive_makes_no_image(settings: Settings, tmp_path: Path, data: bytes) -> None:
    with pytest.raises((Malformed, InvalidArgument)):
        await _import(settings, data, tmp_path / "a", "made:1")
    assert ImageService(settings).list() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("CMD a b", {"Cmd": ["/bin/sh", "-c", "a b"]}),
        ('cmd ["a", "b"]', {"Cmd": ["a", "b"]}),
        ("ENTRYPOINT []", {"Entrypoint": []}),
        ("ENV A=1 B='2 3'", {"Env": ["A=1", "B=2 3"]}),
        ("ENV A 1 2", {"Env": ["A=1 2"]}),
        ("LABEL a=b", {"Labels": {"a": "b"}}),
        ("EXPOSE 80 53/udp", {"ExposedPorts": {"80/tcp": {}, "53/udp": {}}}),
        ('VOLUME ["/a", "/b"]', {"Volumes": {"/a": {}, "/b": {}}}),
        ("VOLUME /a /b", {"Volumes": {"/a": {}, "/b": {}}}),
        ("USER 1:2", {"User": "1:2"}),
        ("WORKDIR a/../b", {"WorkingDir": "/b"}),
        ("STOPSIGNAL SIGINT", {"StopSignal": "SIGINT"}),
    ],
)
def test_an_instruction_changes_the_config(change: str, expected: dict[str, Any]) -> None:
    assert apply_changes({}, (change,)) == expected


def test_later_values_replace_earlier_ones() -> None:
    before = {"Env": ["A=0", "B=0"], "Labels": {"x": "0"}, "WorkingDir": "/srv"}
    assert apply_changes(before, ("ENV A=1", "LABEL x=1", "WORKDIR www")) == {
        "Env": ["A=1", "B=0"], "Labels": {"x": "1"}, "WorkingDir": "/srv/www",
    }  # fmt: skip
    assert before["Env"] == ["A=0", "B=0"]


def test_arguments_of_the_entrypoint_before_go_with_it_and_those_said_beside_the_new_one_stay() -> None:
    before = {"Entrypoint": ["/old"], "Cmd": ["for", "old"]}
    assert apply_changes(before, ('ENTRYPOINT ["/new"]',)) == {"Entrypoint": ["/new"]}
    both = {"Entrypoint": ["/new"], "Cmd": ["x"]}
    assert apply_changes(before, ('CMD ["x"]', 'ENTRYPOINT ["/new"]')) == both
    assert apply_changes(before, ('ENTRYPOINT ["/new"]', 'CMD ["x"]')) == both


@pytest.mark.parametrize(
    "change", ["", "CMD", "RUN x", "ENV =1", "EXPOSE x", "USER a b", "LABEL 'open", "ENV A"]
)
def test_what_is_no_change_is_refused_by_name(change: str) -> None:
    with pytest.raises(InvalidArgument, match="--change"):
        apply_changes({}, (change,))


@pytest.mark.parametrize("change", ["ONBUILD RUN x", "HEALTHCHECK NONE"])
def test_instructions_that_are_not_supported_are_refused_by_name(change: str) -> None:
    with pytest.raises(NotSupported, match=change.split()[0]):
        apply_changes({}, (change,))


async def test_a_name_with_a_digest_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(LaminaError, match="digest"):
        await _import(settings, _archive(a=b""), tmp_path / "a", f"made@sha256:{'0' * 64}")
