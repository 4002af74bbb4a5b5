"""What the journal tells of networks, in Docker's words."""

from __future__ import annotations

import json

import pytest

from tests.engine.network.world import Host

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def test_network_tells_of_its_life_and_who_comes_and_goes(host: Host) -> None:
    network = host("network", "create", "told").ok().out.strip()
    container = host("create", "lab/base", "true").ok()
    host("network", "connect", "told", container.out.strip()).ok()
    host("network", "disconnect", "told", container.out.strip()).ok()
    host("network", "rm", "told").ok()
    now = ("--since", "10m", "--until", "0s", "--format", "json")
    found = [json.loads(line) for line in host("events", *now).ok().out.splitlines()]
    mine = [event for event in found if event["id"] == network]
    assert [event["action"] for event in mine] == ["create", "connect", "disconnect", "destroy"]
    assert {event["kind"] for event in mine} == {"network"}
    assert mine[1]["attributes"] == {"name": "told", "type": "bridge", "container": container.out.strip()}
