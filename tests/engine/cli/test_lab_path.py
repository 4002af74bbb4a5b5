"""The whole path by commands: lab up, pull over HTTP, look at layers, remove."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from engine import __version__
from engine.cli.words import size
from tests.support import leaks
from tests.support.command import Lamina


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    """A store with the lab up, lab/web:1 pulled first and lab/web:2 after it."""
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("lab", "up").ok()
        try:
            lamina("pull", "lab/web:1").ok()
            lamina("pull", "lab/web:2").ok()
            yield lamina
        finally:
            lamina("lab", "down").ok()


def served(lamina: Lamina) -> dict[str, dict[str, int]]:
    """What the lab's registry has sent, by blob."""
    address = lamina("lab", "status", "--format", "json").json()["address"]
    with urlopen(f"http://{address}/lamina/stats", timeout=10) as answer:
        found: dict[str, dict[str, int]] = json.load(answer)["blobs"]
        return found


def layers(lamina: Lamina, image: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lamina("layers", image, "--format", "json").json()
    return found


def test_update_fetches_the_application_layer_alone(lamina: Lamina) -> None:
    lamina("lab", "up").ok()
    try:
        first = lamina("pull", "lab/web:1").ok()
        before = served(lamina)
        second = lamina("pull", "lab/web:2").ok()
        after = served(lamina)
    finally:
        lamina("lab", "down").ok()
    assert ", 3 of 3 layers" in first.err
    assert ", 1 of 3 layers" in second.err
    application = layers(lamina, "lab/web:2")[-1]
    sent = {
        digest: counted["bytes"] - before.get(digest, {"bytes": 0})["bytes"]
        for digest, counted in after.items()
    }
    sizes = {layer["blob_digest"]: layer["compressed"] for layer in layers(lamina, "lab/web:2")}
    assert {digest: count for digest, count in sent.items() if digest in sizes and count} == {
        application["blob_digest"]: application["compressed"]
    }


def test_pull_prints_the_name_and_nothing_else_on_stdout(house: Lamina) -> None:
    finished = house("pull", "lab/web:1").ok()
    assert finished.out == "lab/web:1\n"
    whole = size(sum(layer["compressed"] for layer in layers(house, "lab/web:1")))
    last = finished.err.splitlines()[-1]
    assert last.startswith(f"fetched 0 B of {whole} (as planned), 0 of 3 layers;")


def test_quiet_pull_writes_no_progress(house: Lamina) -> None:
    assert house("pull", "-q", "lab/web:1").ok().err == ""


def test_plan_says_what_would_travel(house: Lamina) -> None:
    last = house("plan", "lab/web:1").ok().out.splitlines()[-1]
    assert last.startswith("to fetch: 0 B of ")
    assert house("plan", "lab/base", "--format", "json").json()["fetch_bytes"] == 0


def test_images_has_dockers_columns(house: Lamina) -> None:
    heading, *rows = house("images").ok().out.splitlines()
    assert heading.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert sorted(row.split()[:2] for row in rows) == [["lab/web", "1"], ["lab/web", "2"]]


def test_images_can_be_only_ids(house: Lamina) -> None:
    ids = house("images", "-q").ok().out.split()
    assert [len(each) for each in ids] == [12, 12]
    assert house("images", "-q", "--no-trunc").ok().out.startswith("sha256:")


def test_images_shows_digests_when_asked(house: Lamina) -> None:
    assert "DIGEST" in house("images", "--digests").ok().out.splitlines()[0].split()


@pytest.mark.parametrize(("name", "count"), [("lab/web", 2), ("lab/web:1", 1), ("lab/we", 0)])
def test_images_of_one_name(name: str, count: int, house: Lamina) -> None:
    assert len(house("images", "-q", name).ok().out.split()) == count


def test_layers_are_shown_as_they_lie_with_their_sharing(house: Lamina) -> None:
    heading, *rows = house("layers", "lab/web:1").ok().out.splitlines()
    assert heading.split() == [
        "POSITION", "DIFF", "ID", "COMPRESSED", "UNPACKED", "ALSO", "IN", "ROLE", "INSTRUCTION"
    ]  # fmt: skip
    shared = [[layer["position"], len(layer["used_by"])] for layer in layers(house, "lab/web:1")]
    assert shared == [[1, 1], [2, 1], [3, 0]]
    assert [row.split()[0] for row in rows] == ["3", "2", "1"]
    assert "ADD a shell and tools of this host" in rows[-1]


def test_image_is_inspected_with_dockers_keys(house: Lamina) -> None:
    (found,) = house("inspect", "lab/web:1").json()
    assert "lab/web:1" in found["RepoTags"]
    assert found["Config"]["User"] == "nobody"


def test_inspect_has_no_other_form_than_json(house: Lamina) -> None:
    assert house("inspect", "--format", "json", "lab/web:1").code == 0
    assert house("inspect", "--format", "table", "lab/web:1").code == 125


def test_inspect_shows_what_there_is_and_fails_for_the_rest(house: Lamina) -> None:
    finished = house("inspect", "nothing", "lab/web:1")
    assert finished.code == 1
    assert len(json.loads(finished.out)) == 1
    assert "nothing" in finished.err


def test_second_name_is_given_and_taken(house: Lamina) -> None:
    house("tag", "lab/web:1", "mine:3").ok()
    assert "mine" in house("images").ok().out
    assert house("rmi", "mine:3").ok().out == "Untagged: mine:3\n"


def test_events_tell_of_pulls(house: Lamina) -> None:
    lines = house("events", "--since", "1h", "--until", "0s").ok().out.splitlines()
    assert any(" image pull " in line and "lab/web:1" in line for line in lines)


def test_events_as_json_are_one_document_a_line(house: Lamina) -> None:
    lines = house("events", "--since", "1h", "--until", "0s", "--format", "json").ok().out.splitlines()
    assert {json.loads(line)["kind"] for line in lines} >= {"lab", "image"}


def test_info_counts_what_sharing_saves(house: Lamina) -> None:
    totals = house("info", "--format", "json").json()["totals"]
    assert (totals["images"], totals["layers"]) == (2, 4)
    stack = layers(house, "lab/web:1")
    assert totals["saved"] == stack[0]["unpacked"] + stack[1]["unpacked"]


def test_info_is_readable(house: Lamina) -> None:
    assert f"Lamina version: {__version__}\n" in house("info").ok().out


def test_removing_an_image_frees_only_what_it_alone_had(lamina: Lamina) -> None:
    lamina("lab", "up").ok()
    try:
        lamina("pull", "lab/web:1").ok()
        lamina("pull", "lab/web:2").ok()
    finally:
        lamina("lab", "down").ok()
    application = layers(lamina, "lab/web:2")[-1]["diff_id"]
    lines = lamina("rmi", "lab/web:2").ok().out.splitlines()
    assert lines[0] == "Untagged: lab/web:2"
    assert lines[-2] == f"Deleted: {application}"
    assert lines[-1].startswith("Freed: ")
    assert len(lines) == 4
    assert len(layers(lamina, "lab/web:1")) == 3


def test_name_of_the_lab_while_it_is_down_is_told_so(lamina: Lamina) -> None:
    finished = lamina("pull", "lab/base", timeout=110)
    assert finished.code == 1
    assert "lamina lab up" in finished.err
