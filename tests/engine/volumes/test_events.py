"""What the journal tells of volumes that containers have, in Docker's words."""

from __future__ import annotations

import json

import pytest

from tests.support.command import Lamina

pytestmark = pytest.mark.system


def test_volume_is_told_when_a_container_has_it_and_when_no_more(house: Lamina) -> None:
    container = (
        house(
            "run",
            "-d",
            "--network",
            "none",
            "-v",
            "told:/place:ro",
            "--stop-signal",
            "KILL",
            "vol",
            "sleep",
            "9",
        )
        .ok()
        .out.strip()
    )
    house("stop", container).ok()
    house("wait", container).ok()
    now = ("--since", "10m", "--until", "0s", "--format", "json")
    found = [json.loads(line) for line in house("events", *now).ok().out.splitlines()]
    mine = [event for event in found if (event["kind"], event["id"]) == ("volume", "told")]
    assert [event["action"] for event in mine] == ["create", "mount", "unmount"]
    told = {"container": container, "driver": "local", "destination": "/place", "read/write": "false"}
    assert mine[1]["attributes"] == told
