"""Containers' files shown by the kernel, by fuse-overlayfs, and as copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.rootless.world import OrdinaryUser, ordinary_user
from tests.support.peers import needs_programs

pytestmark = pytest.mark.system

_CHANGE = (
    "rm /etc/issue && rm -r /var/lib/dpkg && mkdir /var/lib/dpkg && echo x > /etc/motd && ln /etc/motd /twin"
)
_LOOK = "ls /etc/issue /var/lib/dpkg; cat /etc/motd; stat -c '%u:%g %a' /etc/shadow; cat /proc/self/mountinfo"
_KINDS = {"kernel": "overlay", "fuse": "fuse fuse-overlayfs", "copy": ""}


@pytest.fixture(scope="module", params=["kernel", "fuse", "copy"])
def shown(request: pytest.FixtureRequest, image: str) -> Iterator[OrdinaryUser]:
    """A user whose layers are shown in one of the ways, who has pulled the image."""
    if request.param == "fuse":
        needs_programs("fuse-overlayfs")
    with ordinary_user(subordinate=True) as user:
        found = replace(user, overlay=request.param)
        found("pull", "-q", image).ok()
        yield found


def test_files_are_those_of_the_image_with_what_the_container_changed(
    shown: OrdinaryUser, image: str
) -> None:
    shown("run", "--name", "one", "--network", "none", image, "sh", "-c", _CHANGE).ok()
    shown("rm", "one").ok()
    words = ("run", "--rm", "--network", "none", image, "sh", "-c", "cat /etc/issue /etc/motd; " + _LOOK)
    out = shown(*words).ok().out
    assert out.startswith("here\nhello\n/etc/issue\n")
    assert "0:42 640" in out
    root = next(line for line in out.splitlines() if " / / " in line or line.split()[4:5] == ["/"])
    assert root.partition(" - ")[2].startswith(_KINDS[shown.overlay])


def test_what_was_removed_and_written_is_there_after_a_restart(shown: OrdinaryUser, image: str) -> None:
    script = f"test -e /twin || {{ {_CHANGE}; }}; ls /var/lib/dpkg; test ! -e /etc/issue && cat /twin"
    shown("run", "--name", "again", "--network", "none", image, "sh", "-c", script).ok()
    assert shown("start", "-a", "again").ok().out == "x\n"
    shown("rm", "again").ok()


def test_changes_are_told_or_it_is_said_that_they_cannot_be(shown: OrdinaryUser, image: str) -> None:
    shown("run", "--name", "told", "--network", "none", image, "sh", "-c", _CHANGE).ok()
    done = shown("diff", "told")
    if shown.overlay == "copy":
        assert "are a copy" in done.err
        assert "sudo apt install fuse-overlayfs" in done.err
    else:
        assert {"D /etc/issue", "C /etc/motd", "A /twin"} <= set(done.ok().out.splitlines())
        assert "wh..opq" not in done.out
    shown("rm", "told").ok()


def test_info_says_what_is_used_instead(shown: OrdinaryUser) -> None:
    found = str(shown("info", "--format", "json").json()["rootless"]["missing"])
    told = {"kernel": "", "fuse": "fuse-overlayfs shows files", "copy": "sudo apt install fuse-overlayfs"}
    assert told[shown.overlay] in found
    assert ("overlay" in found) == (shown.overlay != "kernel")


def test_volume_is_filled_from_the_image(shown: OrdinaryUser, image: str) -> None:
    words = ("run", "--rm", "--network", "none", "-v", "kept:/var/lib/dpkg", image, "cat")
    assert shown(*words, "/var/lib/dpkg/info/one").ok().out == "one\n"
    shown("volume", "rm", "kept").ok()


def test_files_are_copied_from_one_that_does_not_run(shown: OrdinaryUser, image: str) -> None:
    shown("create", "--name", "still", "--network", "none", image, "true").ok()
    shown("cp", "still:/etc/issue", str(shown.home / "issue")).ok()
    assert Path(shown.home / "issue").read_text("utf-8") == "here\n"
    shown("rm", "still").ok()
