"""What run's and create's options say about a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from engine.cli.options import CONTEXT, Wanted, container_options, wanted
from engine.containers.models import BindMount, ContainerOptions
from engine.errors import InvalidArgument, NotFound
from engine.network.wishes import Attachment


def parsed(*words: str) -> Wanted:
    found: list[Wanted] = []

    @click.command(context_settings=CONTEXT)
    @container_options
    def command(**options: Any) -> None:
        found.append(wanted(**options))

    command.main(list(words), standalone_mode=False)
    return found[0]


def options(*words: str) -> ContainerOptions:
    return parsed(*words).options


def test_words_after_the_image_belong_to_the_program() -> None:
    assert options("-i", "redis", "-t", "--name", "x") == ContainerOptions(
        image="redis", command=("-t", "--name", "x"), interactive=True, network="bridge",
        attachments=(Attachment("bridge"),),
    )  # fmt: skip


def test_everything_can_be_said_at_once() -> None:
    assert options(
        "-it", "--rm", "--name", "n", "-e", "A=1", "-w", "/w", "-u", "1:2", "-h", "host", "--read-only",
        "--network", "host", "-l", "a=b", "--label", "c", "-v", "/src:/dst:ro", "image", "cmd",
    ) == ContainerOptions(
        image="image", command=("cmd",), tty=True, interactive=True, auto_remove=True, name="n", env=("A=1",),
        workdir="/w", user="1:2", hostname="host", read_only=True, network="host",
        attachments=(Attachment("host"),),
        labels={"a": "b", "c": ""}, binds=(BindMount("/src", "/dst", read_only=True, make=True),),
    )  # fmt: skip


def test_entrypoint_left_out_is_the_images() -> None:
    assert options("image").entrypoint is None


def test_entrypoint_replaces_the_images() -> None:
    assert options("--entrypoint", "/bin/sh", "image").entrypoint == ("/bin/sh",)


def test_empty_entrypoint_takes_the_images_away() -> None:
    assert options("--entrypoint", "", "image").entrypoint == ()


def test_bare_variable_takes_the_value_it_has_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HERE", "x=y")
    assert options("-e", "LAB_HERE", "image").env == ("LAB_HERE=x=y",)


def test_bare_variable_without_a_value_here_falls_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_HERE", raising=False)
    assert options("-e", "LAB_HERE", "image").env == ()


def test_env_file_gives_variables_before_those_of_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text('# note\n\nA=1\n  B="two words"\n')
    assert options("-e", "A=3", "--env-file", str(file), "image").env == ("A=1", 'B="two words"', "A=3")


def test_env_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"--env-file .*/nothing"):
        options("--env-file", str(tmp_path / "nothing"), "image")


@pytest.mark.parametrize("content", [b"A B=1\n", b"\xff\n", b"=1\n"])
def test_env_file_that_means_nothing_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(content)
    with pytest.raises(InvalidArgument):
        options("--env-file", str(file), "image")


def test_relative_bind_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert options("-v", "./data:/data", "image").binds == (
        BindMount(f"{tmp_path}/data", "/data", make=True),
    )


@pytest.mark.parametrize(
    "text",
    [
        "only",
        "/a:b",
        "/a:/b:rx",
        "a/b:/data",
        "~/a:/b",
        "/a:/b:nocopy",
        "n:/b:rslave",
        "/a:/b:ro,rw",
        ":/b",
        "/a:",
    ],
)
def test_bind_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="-v"):
        options("-v", text, "image")


@pytest.mark.parametrize("words", [["--userland", "host", "i"], ["--networked", "bridge", "i"], []])
def test_what_is_not_known_is_refused(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parsed(*words)


def test_pull_policy_and_platform_are_about_the_image() -> None:
    asked = parsed("--pull", "always", "--platform", "linux/arm64", "image")
    assert (asked.pull, asked.platform) == ("always", "linux/arm64")
