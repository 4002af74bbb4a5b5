"""Platforms under their usual names, and which images run where."""

from __future__ import annotations

import pytest

from engine.errors import InvalidArgument
from engine.oci import Platform


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("linux/amd64", "linux/amd64"),
        ("amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm/v7", "linux/arm"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("Linux/AMD64", "linux/amd64"),
    ],
)
def test_a_platform_has_one_name(text: str, name: str) -> None:
    assert str(Platform.parse(text)) == name


@pytest.mark.parametrize(
    "text", ["", "/", "linux/", "a/b/c/d", "linux/amd 64", "linux/\n", "linux/" + "x" * 33]
)
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Platform.parse(text)


def test_the_host_runs_linux() -> None:
    host = Platform.host()
    assert host.os == "linux"
    assert Platform.parse(str(host)) == host


def test_a_newer_processor_runs_what_was_made_for_older_ones_best_first() -> None:
    assert [str(each) for each in Platform.parse("linux/arm/v7").runs()] == [
        "linux/arm",
        "linux/arm/v6",
        "linux/arm/v5",
    ]
    assert [str(each) for each in Platform.parse("linux/amd64/v2").runs()] == [
        "linux/amd64/v2",
        "linux/amd64",
    ]


def test_an_older_processor_does_not_run_what_was_made_for_newer_ones() -> None:
    assert Platform.parse("linux/arm/v7") not in Platform.parse("linux/arm/v6").runs()
