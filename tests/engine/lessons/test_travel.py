"""What a lesson tells of what travelled is what the registry counted."""

from __future__ import annotations

import time

import pytest

from engine.lessons import actions, measures, travel
from engine.lessons.figures import number
from engine.lessons.scratch import opened
from engine.settings import Settings

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]

SPEED = 60_000_000


async def test_bytes_are_told_as_predicted_and_never_faster_than_the_link(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        link = (await travel.throttle(place, speed=SPEED)).figures["speed"]
        planned = (await travel.note_plan(place, image="lab/charts:1")).figures
        await actions.count_from_here(place)
        counted = place.registry.served
        before = sum(blob.bytes for blob in counted.values())
        begun = time.monotonic()
        await place.engine.pull("lab/charts:1")
        took = time.monotonic() - begun
        sent = sum(blob.bytes for blob in counted.values()) - before
        assert number(await measures.travelled(place)) == sent
        noted = (await travel.note_travelled(place, image="lab/charts:1")).figures
        assert number(noted["bytes"]) == sent
        assert number(noted["layers"]) == number(planned["fetch"])
        assert number(noted["layers"]) + number(noted["settings"]) == sent
        place.figures |= {"sent": noted["bytes"], "link": link}
        assert took >= number(await travel.least_time(place, of="sent, link")) == sent / SPEED
        again = (await travel.note_travelled(place, image="lab/charts:1")).figures
        assert number(again["bytes"]) == 0
