"""What a container changed, from its writable layer alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.settings import Settings
from tests.engine.containers.filing import House
from tests.support.docker import DockerDaemon
from tests.support.peers import RealRegistry
from tests.support.small_images import SmallImages
from tests.support.waiting import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]

SCRIPT = (
    "echo x >> /etc/passwd; echo n > /srv/new; rm /etc/debian_version; rm -rf /etc/apt; mkdir /etc/apt; "
    "touch /etc/apt/sources.list; mkdir -p /opt/a/b; chown 5 /usr/bin/env; ln -s x /lnk; chmod 700 /home; "
    "rm -rf /usr/share/doc/apt; mv /etc/default /etc/default2; rm /etc/issue; mkdir /etc/issue; "
    "mkdir -p /made/gone && rm -r /made/gone"
)


@pytest.fixture
async def house(settings: Settings, small_images: SmallImages) -> AsyncIterator[House]:
    house = await House.of(settings, small_images.base)
    yield house
    house.remove_all()


def _told(house: House, name: str = "box") -> list[str]:
    return [f"{change.kind} {change.path}" for change in house.files.changes(name)]


def test_a_container_that_wrote_nothing_changed_nothing(house: House) -> None:
    house.create("true")
    assert _told(house) == []
    house.containers.start("box")
    house.containers.wait("box")
    assert _told(house) == []


def test_additions_changes_and_deletions_are_told_with_their_parents(house: House) -> None:
    house.run("echo x > /new; echo x >> /etc/passwd; rm /bin/ls; mkdir /d; touch /d/f")
    assert _told(house) == [
        "C /bin", "D /bin/ls", "A /d", "A /d/f", "C /etc", "C /etc/passwd", "A /new",
    ]  # fmt: skip


def test_a_directory_made_anew_tells_what_is_gone(house: House) -> None:
    house.run("rm -r /etc; mkdir /etc; echo > /etc/group")
    assert _told(house) == ["C /etc", "C /etc/group", "D /etc/passwd"]


def test_a_running_container_is_looked_at_as_well(house: House) -> None:
    house.start("sh", "-c", "touch /new; sleep 1000")
    assert eventually(lambda: _told(house) == ["A /new"])


def test_names_that_are_no_text_are_kept_as_they_are(house: House) -> None:
    house.run("touch \"/$(printf 'a\\377b')\"")
    assert _told(house) == ["A /a\udcffb"]


async def test_docker_tells_the_same(settings: Settings, real_registry: RealRegistry) -> None:
    docker, image = DockerDaemon.find(), real_registry.image("debian:12")
    house = await House.of(settings, image)
    made = docker("run", "-d", "--network", "none", image, "sh", "-c", SCRIPT).strip()
    try:
        docker("wait", made)
        expected = docker("diff", made).splitlines()
    finally:
        docker("rm", "-f", made)
    house.run(SCRIPT)
    assert _told(house) == sorted(expected, key=lambda line: line[2:].encode())
    house.remove_all()
