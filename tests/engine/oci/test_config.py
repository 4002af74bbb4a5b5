"""Image configs are read strictly, and their text means nothing yet."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InvalidArgument, LimitExceeded, Malformed
from engine.oci import Digest, History, Platform, RunConfig, chain_id, chain_ids, parse_image_config
from engine.oci.run_config import HealthCheck
from tests.engine.oci.documents import LAYER_DIGESTS, config, dump


def test_a_config_gives_platform_layers_and_time() -> None:
    raw = dump(config(author="me"))
    found = parse_image_config(raw)
    assert (found.platform, found.diff_ids) == (Platform("linux", "amd64"), LAYER_DIGESTS)
    assert (found.created, found.author, found.raw) == (1714564800.5, "me", raw)


def test_how_the_image_runs_is_kept_as_text() -> None:
    run = {
        "User": "root:$(id)",
        "Env": ["PATH=/bin", "EMPTY=", "A=b=c"],
        "Entrypoint": ["/entry"],
        "Cmd": ["a", "b"],
        "WorkingDir": "/../x",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Volumes": {"/data": {}},
        "Labels": {"io.example": "[@click=quit]"},
        "StopSignal": "SIGINT",
    }
    assert parse_image_config(dump(config(config=run))).run == RunConfig(
        env=("PATH=/bin", "EMPTY=", "A=b=c"),
        entrypoint=("/entry",),
        cmd=("a", "b"),
        user="root:$(id)",
        workdir="/../x",
        exposed_ports=("80/tcp", "53/udp"),
        volumes=("/data",),
        labels={"io.example": "[@click=quit]"},
        stop_signal="SIGINT",
    )


def test_environment_entries_without_a_value_are_dropped() -> None:
    run = {"Env": ["AWS_SECRET_ACCESS_KEY", "=x", "", "GOOD=1"]}
    assert parse_image_config(dump(config(config=run))).run.env == ("GOOD=1",)


def test_nulls_of_docker_count_as_absent() -> None:
    run = {"Env": None, "Cmd": None, "Entrypoint": None, "Labels": None, "Volumes": None, "User": None}
    assert parse_image_config(dump(config(config=run))).run == RunConfig()


def test_history_is_read_oldest_first() -> None:
    history = [
        {"created_by": "ADD", "created": "1970-01-01T01:00:10+01:00"},
        {"empty_layer": True, "comment": "c"},
    ]
    assert parse_image_config(dump(config(history=history))).history == (
        History(10.0, "ADD", "", "", empty_layer=False),
        History(None, "", "", "c", empty_layer=True),
    )


@pytest.mark.parametrize("text", ["", "0001-01-01T00:00:00Z"])
def test_go_s_never_is_no_time(text: str) -> None:
    assert parse_image_config(dump(config(created=text))).created is None


@pytest.mark.parametrize(
    "changes",
    [
        {"os": None},
        {"architecture": None},
        {"architecture": 386},
        {"rootfs": None},
        {"rootfs": {"type": "plain", "diff_ids": []}},
        {"rootfs": {"type": "layers", "diff_ids": ["sha256:x"]}},
        {"rootfs": {"type": "layers", "diff_ids": "x"}},
        {"rootfs": {"type": "layers", "Diff_Ids": []}},
        {"created": "yesterday"},
        {"created": "2024-13-01T00:00:00Z"},
        {"created": "2024-05-01"},
        {"created": "２０２４-05-01T12:00:00Z"},
        {"created": 0},
        {"config": []},
        {"config": {"Env": "A=b"}},
        {"config": {"Env": [1]}},
        {"config": {"env": ["A=b"]}},
        {"config": {"Cmd": "sh"}},
        {"config": {"User": 0}},
        {"config": {"Labels": {"a": 1}}},
        {"config": {"Cmd": ["a\0b"]}},
        {"history": [{"empty_layer": "yes"}]},
        {"history": {}},
    ],
)
def test_a_config_that_breaks_its_specification_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_image_config(dump(config(**changes)))


def test_too_many_layers_are_refused() -> None:
    rootfs = {"type": "layers", "diff_ids": [LAYER_DIGESTS[0]] * 10_000}
    with pytest.raises(LimitExceeded):
        parse_image_config(dump(config(rootfs=rootfs)))


def test_the_chain_id_of_one_layer_is_its_diff_id() -> None:
    assert chain_id(LAYER_DIGESTS[:1]) == LAYER_DIGESTS[0]


def test_the_chain_id_is_made_of_the_chain_below_and_the_diff_id() -> None:
    base, top = LAYER_DIGESTS
    assert chain_ids((base, top, base)) == (
        base,
        Digest.of(f"{base} {top}".encode()),
        Digest.of(f"{Digest.of(f'{base} {top}'.encode())} {base}".encode()),
    )


def test_no_layers_have_no_chain_id() -> None:
    with pytest.raises(InvalidArgument):
        chain_id(())


def test_a_health_check_is_read_in_seconds() -> None:
    asked = {
        "Test": ["CMD-SHELL", "true"],
        "Interval": 5_000_000_000,
        "StartPeriod": 500_000_000,
        "Retries": 2,
    }
    found = parse_image_config(dump(config(config={"Healthcheck": asked}))).run.healthcheck
    assert found == HealthCheck(("CMD-SHELL", "true"), interval=5, start_period=0.5, retries=2)


@pytest.mark.parametrize(
    "asked",
    [{"Interval": -1}, {"Test": "true"}, {"Retries": 1.5}, {"test": ["CMD", "x"]}, [], {"Timeout": 2**70}],
)
def test_a_health_check_that_cannot_be_meant_is_refused(asked: object) -> None:
    with pytest.raises(Malformed):
        parse_image_config(dump(config(config={"Healthcheck": asked})))
