"""`--format` with Go's templates where Docker has them beside the lists: stats, events, df, info, version."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with a container that runs."""
    with lab_house() as lamina:
        lamina("run", "-d", "--name", "c", "--network", "none", "lab/base", "sleep", "60").ok()
        yield lamina
        lamina("rm", "-f", "c").ok()


def test_stats_have_dockers_fields(house: Lamina) -> None:
    words = ("stats", "--no-stream", "--format")
    assert house(*words, "{{.Name}} {{.Container}} {{.PIDs}}", "c").ok().out == "c c 1\n"
    heading, row = house(*words, r"table {{.CPUPerc}}\t{{.MemUsage}}", "c").ok().out.splitlines()
    assert heading.split() == ["CPU", "%", "MEM", "USAGE", "/", "LIMIT"]
    assert "%" in row


def test_events_have_dockers_fields(house: Lamina) -> None:
    words = ("events", "--since", "1h", "--until", "0s", "--filter", "event=start", "--format")
    assert house(*words, "{{.Type}} {{.Status}} {{.Actor.Attributes.name}}").ok().out == "container start c\n"
    event = json.loads(house(*words, "{{json .}}").ok().out)
    assert event["Actor"]["Attributes"]["image"] == event["From"] == "lab/base"
    assert event["TimeNano"] // 10**9 == event["Time"]


def test_an_attribute_that_an_event_has_not_is_no_value(house: Lamina) -> None:
    words = ("events", "--since", "1h", "--until", "0s", "--filter", "event=start", "--format")
    assert house(*words, "{{.Actor.Attributes.nothing}}").ok().out == "<no value>\n"


def test_df_has_dockers_fields(house: Lamina) -> None:
    rows = house("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}}").ok().out.splitlines()
    assert "containers 1 1" in rows


def test_info_and_version_have_dockers_fields(house: Lamina) -> None:
    version = house("version", "-f", "{{.Client.Version}}").ok().out
    assert house("info", "--format", "{{.ServerVersion}}").ok().out == version
    assert house("info", "-f", "{{.DockerRootDir}} {{.OSType}}").ok().out == f"{house.root} linux\n"
    assert house("info", "-f", r"table {{.Name}}").code == 125
