"""Docker's rules from image and options to what runs."""

import pytest

from engine.containers.models import BindMount, ContainerOptions
from engine.containers.resolve import resolve_config
from engine.errors import InvalidArgument
from engine.oci import RunConfig
from engine.runtime.config import ContainerConfig

IMAGE = RunConfig(entrypoint=("entry",), cmd=("cmd",), env=("A=image", "B=image"), user="web", workdir="/srv")


def _resolve(image: RunConfig = IMAGE, /, **options: object) -> ContainerConfig:
    chosen = ContainerOptions(image="x", **options)  # type: ignore[arg-type]  # each test names real fields
    return resolve_config("abcdef0123456789", chosen, image, "hosty")


@pytest.mark.parametrize(
    ("entrypoint", "command", "argv"),
    [
        (None, (), ("entry", "cmd")),
        (None, ("mine",), ("entry", "mine")),
        (("own",), (), ("own",)),
        (("own",), ("mine",), ("own", "mine")),
        ((), ("mine",), ("mine",)),
    ],
)
def test_entrypoint_and_command_combine_as_dockers(
    entrypoint: tuple[str, ...] | None, command: tuple[str, ...], argv: tuple[str, ...]
) -> None:
    assert _resolve(entrypoint=entrypoint, command=command).argv == argv


def test_nothing_to_run_is_an_error() -> None:
    with pytest.raises(InvalidArgument, match="no program"):
        _resolve(RunConfig())


def test_the_persons_environment_lies_over_the_images() -> None:
    env = dict(item.split("=", 1) for item in _resolve(env=("B=mine", "C=")).env)
    assert (env["A"], env["B"], env["C"], env["HOSTNAME"]) == ("image", "mine", "", "abcdef012345")
    assert env["PATH"].startswith("/usr/local/sbin:")


def test_a_terminal_has_a_type() -> None:
    assert "TERM=xterm" in _resolve(tty=True).env


def test_the_hosts_network_brings_the_hosts_name() -> None:
    assert _resolve(network="host").hostname == "hosty"
    assert _resolve(network="host", hostname="own").hostname == "own"


@pytest.mark.parametrize(
    "options",
    [
        {"env": ("NOEQUALS",)},
        {"env": ("=x",)},
        {"workdir": "relative"},
        {"command": ("a\0b",)},
        {"hostname": "a b"},
        {"hostname": "x" * 65},
        {"binds": (BindMount("relative", "/x"),)},
        {"binds": (BindMount("/x", "/a/.."),)},
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        _resolve(IMAGE, **options)


def test_a_config_survives_the_database() -> None:
    config = _resolve(binds=(BindMount("/a", "/b", read_only=True),), labels={"k": "v"})
    assert ContainerConfig.load(config.dump()) == config
