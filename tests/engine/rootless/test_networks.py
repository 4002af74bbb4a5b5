"""Networks of an ordinary user, where they differ from root's, and where something was killed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.engine.network.world import HOST, OUTSIDE, ask, listening
from tests.engine.rootless.place import REACH, Place, cleared, placed
from tests.support.leaks import files_of, processes_of
from tests.support.peers import needs_programs
from tests.support.waiting import eventually

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", params=["subordinate", "single"])
def somewhere(request: pytest.FixtureRequest, image: str) -> Iterator[Place]:
    """A user with subordinate ids, and one with a single id."""
    needs_programs("ip", "nsenter", "slirp4netns")
    with placed(image, subordinate=request.param == "subordinate") as found:
        yield found


@pytest.fixture
def place(somewhere: Place) -> Iterator[Place]:
    """The same, whose containers are gone afterwards."""
    yield somewhere
    cleared(somewhere)


def test_large_streams_arrive_whole_in_both_directions(place: Place) -> None:
    place.serve("-p", "8080:80")
    assert eventually(lambda: place.sent(9_000_001) == f"9000001 from {OUTSIDE}")


def test_outside_and_published_ports_are_back_after_their_process_was_killed(place: Place) -> None:
    place.serve("-p", "8080:80")
    assert eventually(lambda: place.sent(1) != "")
    os.kill(place.uplink(), 9)
    assert eventually(lambda: place.sent(1) == "")
    place.user("run", "--rm", place.image, "true").ok()
    assert eventually(lambda: place.sent(2) == f"2 from {OUTSIDE}")
    with listening(place.outside, OUTSIDE, 7000):
        place.user("exec", "server", "python3", "-c", REACH).ok()
    place.user("rm", "-f", "server").ok()
    assert eventually(lambda: place.sent(1) == "")


def test_port_of_root_is_refused_with_the_setting_that_opens_it(place: Place) -> None:
    done = place.user("run", "--rm", "-p", "80:80", place.image, "true")
    assert done.code == 125
    assert "net.ipv4.ip_unprivileged_port_start=80" in done.err


def test_removing_everything_leaves_no_interface_rule_process_or_file(place: Place) -> None:
    files = files_of(place.user.root)
    place.user("network", "create", "web").ok()
    place.serve("-p", "8080:80", "--network", "web", "-v", "kept:/data")
    assert "lamina-" in place.inside("ip", "-o", "link")
    assert "8080" in place.inside("nft", "list", "ruleset")
    place.user("rm", "-f", "server").ok()
    place.user("network", "prune", "-f").ok()
    place.user("volume", "prune", "-af").ok()
    assert "lamina" not in place.inside("ip", "-o", "link") + place.inside("nft", "list", "ruleset")
    assert ask(place.outside, HOST, 8080) == ""
    # With them goes the namespace that they kept, and all that may be in it.
    assert eventually(lambda: not processes_of(place.user.home), every=0.2)
    assert files_of(place.user.root) == files


def test_without_a_program_that_leads_outside_its_package_is_named(place: Place) -> None:
    bare = replace(place.user, path="/usr/sbin:/sbin")
    assert eventually(lambda: not processes_of(place.user.home), every=0.2)
    done = bare("run", "--rm", place.image, "true")
    assert done.code == 125
    assert "sudo apt install slirp4netns" in done.err
    bare("run", "--rm", "--network", "none", place.image, "true").ok()
    missing = bare("info", "--format", "json").json()["rootless"]["missing"]
    assert any("slirp4netns" in json.dumps(one) for one in missing)
