"""What hands that know Docker type, and what it comes to here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.house import lab_house

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def house() -> Iterator[Lamina]:
    with lab_house() as lamina:
        yield lamina


@pytest.mark.parametrize("verb", ["build", "buildx", "compose", "swarm", "context", "trust"])
def test_a_verb_that_is_not_here_says_what_to_do_instead(tmp_path: Path, verb: str) -> None:
    finished = Lamina(tmp_path)(verb, "-x", "y")
    assert finished.code == 1
    assert f"there is no verb {verb}" in finished.err
    assert len(finished.err.splitlines()) == 2


def test_longer_names_do_the_same(house: Lamina) -> None:
    for longer, shorter in (
        (("image", "ls", "-a"), ("images",)),
        (("container", "ls", "-a"), ("ps", "-a")),
        (("system", "info"), ("info",)),
        (("image", "history", "lab/base"), ("history", "lab/base")),
    ):
        assert house(*longer).ok().out.splitlines()[0] == house(*shorter).ok().out.splitlines()[0]
    assert (
        '"action": "pull"'
        in house("system", "events", "--since", "1h", "--until", "0s", "--format", "json").ok().out
    )


def test_networks_are_filtered(house: Lamina) -> None:
    house("network", "create", "--label", "tier=front", "habits").ok()
    try:
        for word in ("type=custom", "name=habits", "label=tier", "label=tier=front"):
            assert house("network", "ls", "--filter", word, "--format", "{{.Name}}").out == "habits\n"
        builtin = ("network", "ls", "-f", "type=builtin", "--format")
        assert house(*builtin, "{{.Name}} {{.Driver}}").out == "bridge bridge\nhost host\nnone null\n"
        for word in house("network", "ls", "-q").out.split():
            assert house("network", "inspect", word).code == 0
        for word in ("bridge", "host", "none"):
            assert "always there" in house("network", "rm", word).err
        for verb in ("connect", "disconnect"):
            assert "no network to join" in house("network", verb, "host", "nobody").err
    finally:
        house("network", "rm", "habits").ok()


def test_all_tags_of_a_repository_are_pulled(house: Lamina) -> None:
    house("lab", "up").ok()
    try:
        assert house("pull", "-q", "-a", "lab/web").ok().out.split() == ["lab/web:1", "lab/web:2"]
    finally:
        house("lab", "down").ok()
    assert "names one image" in house("pull", "-a", "lab/web:1").err
