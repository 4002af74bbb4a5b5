"""What is mounted where, from options, other containers and the image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.containers.models import BindMount, ContainerOptions, Isolation, Tmpfs, VolumeMount
from engine.containers.mounts import plan_mounts
from engine.errors import InvalidArgument
from engine.runtime.config import Bind


def _options(**fields: object) -> ContainerOptions:
    return ContainerOptions(image="image", **fields)  # type: ignore[arg-type]


def test_the_images_volumes_get_names_of_their_own() -> None:
    first, second = plan_mounts(_options(), ("/a", "/b"))
    assert (first.target, second.target) == ("/a", "/b")
    assert first.anonymous
    assert len(first.volume) == 64
    assert first.volume != second.volume


def test_what_is_mounted_there_takes_the_place_of_the_images_volume() -> None:
    asked = _options(
        binds=(BindMount("/src", "/a/"),),
        volumes=(VolumeMount("named", "/b"),),
        isolation=Isolation(tmpfs=(Tmpfs("/c"),)),
    )
    inherited = [Bind("", "/d", False, volume="other")]
    found = plan_mounts(asked, ("/a", "/b", "/c", "/d"), inherited)
    assert [bind.target for bind in found] == ["/a", "/b", "/d"]


def test_what_is_asked_for_goes_before_what_is_inherited() -> None:
    found = plan_mounts(_options(volumes=(VolumeMount("mine", "/a"),)), (), [Bind("/x", "/a", False)])
    assert [bind.volume for bind in found] == ["mine"]


def test_two_mounts_at_one_place_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="/a"):
        plan_mounts(_options(volumes=(VolumeMount("one", "/a"), VolumeMount("two", "/b/../a"))), ())


@given(st.text(alphabet="./ab", max_size=12))
def test_a_volume_of_an_image_stays_inside_or_is_refused(path: str) -> None:
    try:
        (found,) = plan_mounts(_options(), (path,))
    except InvalidArgument:
        return
    assert found.target.startswith("/")
    assert ".." not in found.target.split("/")
    assert found.target != "/"


@pytest.mark.parametrize("path", ["/", "/..", "/proc", "/proc/self", "/sys/fs", "/a/../proc", "a\0b"])
def test_an_image_gets_no_volume_over_the_root_or_the_kernels_own(path: str) -> None:
    with pytest.raises(InvalidArgument, match="image"):
        plan_mounts(_options(), (path,))


@pytest.mark.parametrize("name", ["x", "-a", "a/b", "a b", "..", "a" * 256])
def test_what_cannot_name_a_volume_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument):
        plan_mounts(_options(volumes=(VolumeMount(name, "/a"),)), ())


@pytest.mark.parametrize("subpath", ["/etc", "..", "a/../../b"])
def test_a_subpath_that_climbs_is_refused(subpath: str) -> None:
    with pytest.raises(InvalidArgument, match="subpath"):
        plan_mounts(_options(volumes=(VolumeMount("vol", "/a", subpath=subpath),)), ())
