"""The lab goes up and down, whoever asks and whatever dies."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from engine.engine import Engine
from engine.errors import InvalidArgument
from engine.lab.images import images_directory, make_images
from engine.lab.models import LabProgress
from engine.lab.service import Lab
from engine.registry.served import served_domain
from engine.settings import Settings
from engine.store.journal import Journal
from engine.store.layout import Layout
from tests.support.command import Lamina

NAMES = ["lab/base:latest", "lab/python:latest", "lab/web:1", "lab/web:2"]


def kill(pid: int) -> None:
    """Kill a process that is not our child, and wait until it is gone."""
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        assert select.select([process], [], [], 10)[0]
    finally:
        os.close(process)


def test_before_it_was_ever_up_nothing_is_made(lab: Lab) -> None:
    status = lab.status()
    assert (status.running, status.made, status.address, status.pid, status.images) == (
        False,
        False,
        "",
        0,
        (),
    )


def test_up_makes_the_images_and_serves_them(lab: Lab) -> None:
    status = lab.up()
    assert status.running
    assert [image.name for image in status.images] == NAMES
    with urlopen(f"http://{status.address}/v2/lab/web/tags/list", timeout=10) as answer:
        assert json.load(answer)["tags"] == ["1", "2"]


def test_up_tells_how_far_it_is(lab: Lab) -> None:
    told: list[LabProgress] = []
    lab.up(told.append)
    assert [progress.done for progress in told] == list(range(5))
    assert {progress.total for progress in told} == {4}


def test_second_up_changes_nothing(lab: Lab) -> None:
    assert lab.up() == lab.up()


def test_two_fronts_at_once_start_one_registry(lab: Lab, settings: Settings) -> None:
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda one: one.up(), [lab, Lab(settings)])
    assert first == second


def test_down_stops_it_and_keeps_the_images(lab: Lab) -> None:
    address = lab.up().address
    status = lab.down()
    assert (status.running, status.made) == (False, True)
    with pytest.raises(URLError, match="refused"):
        urlopen(f"http://{address}/v2/", timeout=10)


def test_down_twice_is_no_error(lab: Lab) -> None:
    assert lab.down() == lab.down()


def test_address_stays_over_down_and_up(lab: Lab) -> None:
    before = lab.up().address
    lab.down()
    assert lab.up().address == before


def test_killed_registry_is_not_believed_and_up_starts_another(lab: Lab, settings: Settings) -> None:
    pid = lab.up().pid
    kill(pid)
    assert not lab.status().running
    assert served_domain(settings.run, "docker.io/lab/web") is None
    assert lab.up().pid != pid


def test_names_lead_to_the_lab_only_while_it_is_up(lab: Lab, settings: Settings) -> None:
    address = lab.up().address
    assert served_domain(settings.run, "docker.io/lab/web") == address
    assert served_domain(settings.run, "docker.io/library/redis") is None
    lab.down()
    assert served_domain(settings.run, "docker.io/lab/web") is None


def test_link_is_held_to_a_speed_until_another_is_chosen(lab: Lab, settings: Settings) -> None:
    first = lab.up()
    assert first.speed == 0
    held = lab.up(speed=30_000_000)
    assert (held.speed, held.address, held.pid == first.pid) == (30_000_000, first.address, False)
    assert lab.up() == lab.status() == held
    base = next(image for image in held.images if image.name == "lab/base:latest")
    begun = time.monotonic()
    fetched = asyncio.run(Engine(settings).pull("lab/base")).fetched_bytes
    assert time.monotonic() - begun >= base.compressed / 30_000_000
    with urlopen(f"http://{held.address}/lamina/stats", timeout=10) as answer:
        sent = [blob["bytes"] for blob in json.load(answer)["blobs"].values()]
    assert max(sent) == fetched == base.compressed
    assert lab.up(speed=0).speed == 0


def test_speed_that_nobody_would_wait_for_is_refused_before_anything_is_made(lab: Lab) -> None:
    with pytest.raises(InvalidArgument, match="too slow"):
        lab.up(speed=1)
    assert not lab.status().made


def test_up_and_down_are_told_to_all_fronts(lab: Lab, settings: Settings) -> None:
    address = lab.up().address
    lab.down()
    events = [(event.kind, event.action, event.attributes) for event in Journal(Layout.of(settings)).read()]
    assert events == [("lab", "up", {"address": address}), ("lab", "down", {"address": address})]


def test_same_host_gives_the_same_digests(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    digests = []
    for root in (first, second):
        root.mkdir()
        made = make_images(root, lambda _: None)
        digests.append(sorted(path.name for path in (made / "blobs" / "sha256").iterdir()))
    assert digests[0] == digests[1]


def test_what_an_interrupted_making_left_is_swept(settings: Settings) -> None:
    stale = images_directory(settings.root).parent / "draft-stale"
    stale.mkdir(parents=True)
    make_images(settings.root, lambda _: None)
    assert not stale.exists()


def test_registry_outlives_the_command_that_started_it(lamina: Lamina) -> None:
    try:
        assert "held to 2.1 MB a second" in lamina("lab", "up", "--speed", "2m").ok().out
        status = lamina("lab", "status", "--format", "json").json()
        assert (status["running"], status["speed"]) == (True, 2 << 20)
    finally:
        assert not lamina("lab", "down", "--format", "json").json()["running"]
