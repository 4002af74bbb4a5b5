"""What -v, --mount and --volumes-from say."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.containers.models import BindMount, VolumeMount
from engine.errors import InvalidArgument
from tests.engine.cli.test_options import options


def test_a_word_before_the_colon_names_a_volume() -> None:
    assert options("-v", "data:/d:ro,nocopy,z", "image").volumes == (VolumeMount("data", "/d", True, True),)


def test_a_path_alone_is_a_volume_without_a_name() -> None:
    assert options("-v", "/data", "image").volumes == (VolumeMount("", "/data"),)


def test_propagation_and_labels_of_a_bind() -> None:
    assert options("-v", "/a:/b:rslave,Z", "image").binds == (
        BindMount("/a", "/b", False, "rslave", make=True),
    )


def test_a_mount_says_all_that_docker_lets_it_say() -> None:
    asked = options(
        "--mount", "type=volume,src=v,dst=/v,ro,volume-nocopy,volume-subpath=a/b,volume-label=k=v",
        "--mount", '"type=bind","source=/a,b",destination=/b,bind-propagation=rshared',
        "--mount", "type=bind,source=/c,target=/d,readonly,bind-recursive=writable", "image",
    )  # fmt: skip
    assert asked.volumes == (VolumeMount("v", "/v", True, True, "a/b", {"k": "v"}),)
    assert asked.binds == (
        BindMount("/a,b", "/b", False, "rshared"),
        BindMount("/c", "/d", True, recursive="writable"),
    )


def test_a_mount_of_no_type_is_a_volume() -> None:
    assert options("--mount", "target=/x", "image").volumes == (VolumeMount("", "/x"),)


def test_mounts_of_others_are_asked_by_name() -> None:
    assert options("--volumes-from", "a", "--volumes-from", "b:ro", "i").volumes_from == ("a", "b:ro")


def test_a_path_that_is_neither_whole_nor_a_name_gets_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as caught:
        options("-v", "data/sub:/d", "image")
    assert "./data/sub" in caught.value.hint


def test_the_shells_tilde_gets_a_hint() -> None:
    with pytest.raises(InvalidArgument) as caught:
        options("-v", "~/data:/d", "image")
    assert "$HOME/data" in caught.value.hint
