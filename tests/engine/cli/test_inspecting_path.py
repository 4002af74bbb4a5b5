"""What scripts that know Docker ask of `inspect` and `ps`, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with one container that has of everything; and one that was made before it."""
    with lab_house() as lamina:
        lamina("network", "create", "second").ok()
        lamina("create", "--name", "older", "lab/base", "true").ok()
        lamina(
            "run", "-d", "--name", "c", "-p", "127.0.0.1::80", "--expose", "99/udp", "-v", "data:/data",
            "-v", "/tmp:/host:ro", "-v", "/made", "--tmpfs", "/t:exec,size=1m,mode=700",
            "--stop-timeout", "1", "lab/base", "sleep", "60",
        ).ok()  # fmt: skip
        lamina("network", "connect", "second", "c").ok()
        yield lamina
        lamina("rm", "-f", "c", "older").ok()
        lamina("network", "rm", "second").ok()


def shown(house: Lamina, template: str, name: str = "c") -> str:
    return house("inspect", "-f", template, name).ok().out.removesuffix("\n")


def test_a_template_runs_over_mounts_of_every_kind(house: Lamina) -> None:
    rows = shown(house, "{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.Driver}};{{end}}")
    assert "bind  /host ;" in rows
    assert "volume data /data local;" in rows


def test_ports_are_told_as_asked_for_and_as_given(house: Lamina) -> None:
    asked = json.loads(shown(house, "{{json .HostConfig.PortBindings}}"))
    assert asked == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    given = json.loads(shown(house, "{{json .NetworkSettings.Ports}}"))
    assert given["99/udp"] is None
    assert int(given["80/tcp"][0]["HostPort"]) > 0
    assert json.loads(shown(house, "{{json .Config.ExposedPorts}}")) == {"80/tcp": {}, "99/udp": {}}


def test_paths_of_a_running_container_lead_into_it(house: Lamina) -> None:
    pid = shown(house, "{{.State.Pid}}")
    paths = "{{.GraphDriver.Data.MergedDir}} {{.NetworkSettings.SandboxKey}}"
    assert shown(house, paths) == f"/proc/{pid}/root /proc/{pid}/ns/net"
    assert shown(house, paths, "older") == " "


def test_a_tmpfs_is_told_with_its_options(house: Lamina) -> None:
    assert shown(house, "{{json .HostConfig.Tmpfs}}") == '{"/t":"exec,size=1048576,mode=700"}'


def test_seconds_are_whole_numbers_for_shells(house: Lamina) -> None:
    assert shown(house, "{{.Config.StopTimeout}}") == "1"


def test_volumes_of_its_own_are_in_its_config(house: Lamina) -> None:
    assert json.loads(shown(house, "{{json .Config.Volumes}}")) == {"/made": {}}


@pytest.mark.parametrize(
    ("kind", "name"), [("container", "c"), ("image", "lab/base"), ("network", "second"), ("volume", "data")]
)
def test_inspect_finds_what_has_the_name_and_keeps_to_a_kind(kind: str, name: str, house: Lamina) -> None:
    (found,) = house("inspect", name).ok().json()
    assert house("inspect", "--type", kind, name).ok().json()[0].keys() == found.keys()
    other = "volume" if kind != "volume" else "network"
    assert house("inspect", "--type", other, name).code == 1


def test_longer_names_of_inspect_keep_to_their_kind(house: Lamina) -> None:
    house("image", "inspect", "lab/base").ok()
    house("container", "inspect", "c").ok()
    assert house("image", "inspect", "c").code == 1
    assert house("container", "inspect", "lab/base").code == 1


def test_networks_that_are_there_are_shown_beside_one_that_is_not(house: Lamina) -> None:
    finished = house("network", "inspect", "nowhere", "second")
    assert finished.code == 1
    assert [row["Name"] for row in json.loads(finished.out)] == ["second"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("volume=data", "c"),
        ("volume=/host", "c"),
        ("volume=nothing", ""),
        ("network=second", "c"),
        ("network=bridge", "c older"),
        ("expose=80", "c"),
        ("expose=99", ""),
        ("expose=90-100/udp", "c"),
        ("publish=1-1023", ""),
        ("publish=1024-65535", "c"),
        ("before=c", "older"),
        ("since=older", "c"),
    ],
)
def test_ps_keeps_what_docker_keeps(wanted: str, names: str, house: Lamina) -> None:
    assert " ".join(house("ps", "-a", "--filter", wanted, "--format", "{{.Names}}").ok().out.split()) == names


@pytest.mark.parametrize("wanted", ["before=nothing", "since=nothing", "publish=http", "expose=1/sctp"])
def test_a_filter_that_cannot_be_meant_is_told(wanted: str, house: Lamina) -> None:
    finished = house("ps", "--filter", wanted)
    assert finished.code != 0
    assert finished.err.startswith("lamina: ")


def test_ps_has_dockers_fields(house: Lamina) -> None:
    template = "{{.Networks}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Ports}}|{{.Size}}"
    networks, mounts, volumes, ports, written = house("ps", "--format", template).ok().out.strip().split("|")
    assert networks == "bridge,second"
    assert {"data", "/tmp"} < set(mounts.split(","))  # the host's, shown inside
    assert volumes == "2"
    assert ports.startswith("99/udp, 127.0.0.1:")
    assert "(virtual " in written


def test_a_row_of_ps_as_json_has_dockers_names(house: Lamina) -> None:
    row = json.loads(house("ps", "--format", "{{json .}}").ok().out)
    assert (row["Names"], row["State"]) == ("c", "running")
    assert "Label" not in row
