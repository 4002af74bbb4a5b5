"""Words of lessons tell what is, also where it is not as a lesson wants it."""

from __future__ import annotations

import pytest

from engine.errors import InvalidArgument, NotFound
from engine.lessons import checks, likeness, readings, tracing, travel
from engine.lessons.figures import Figure, Unit, number
from engine.lessons.scratch import opened
from engine.settings import Settings
from tests.support.command import Lamina

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


async def test_request_is_followed_where_there_is_a_way_for_it(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.lamina("run", "-d", "--name", "lab-web", "-p", "127.0.0.1::8000", "lab/web:1")
        await place.lamina("run", "-d", "--name", "lab-off", "--network", "none", "lab/web:1")
        figures = (await tracing.follow_request(place, container="lab-web")).figures
        assert figures["answer"].value == "lab/web version 1\n"
        assert min(number(figures["came"]), number(figures["went"])) > len("lab/web version 1\n")
        assert str(figures["address"]) in str(figures["rule"])
        assert (await tracing.way_is_there(place, container="lab-web")).ok
        assert not (await tracing.way_is_there(place, container="lab-off")).ok
        with pytest.raises(NotFound):
            await tracing.follow_request(place, container="lab-off")
        await place.lamina("stop", "-t", "0", "lab-web")
        assert not (await tracing.way_is_there(place, container="lab-web")).ok


async def test_images_are_alike_where_they_are(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        await place.engine.pull("lab/base")
        found = await likeness.digests(place, image="lab/base")
        assert len({str(figure) for figure in found.values()}) == 1
        await place.lamina("run", "--name", "lab-a", "lab/base", "sh", "-c", "echo a > /a")
        await place.lamina("commit", "lab-a", "lab/a:1")
        assert (await likeness.one_colour(place, image="lab/base", other="lab/a:1")).ok
        with pytest.raises(NotFound):
            await likeness.one_colour(place, image="lab/base", other="lab/none")
        place.figures |= {"said": Figure("one\n  two \n\n"), "nothing": Figure("\n")}
        assert str(await readings.last_line(place, of="said")) == "two"
        with pytest.raises(NotFound):
            await readings.last_line(place, of="nothing")
        with pytest.raises(InvalidArgument, match="too slow"):
            await travel.throttle(place, speed=1)
        assert (place.link.speed, (await travel.throttle(place, speed=0)).figures["speed"].value) == (0, 0)


def test_choice_that_a_lesson_does_not_offer_is_refused_with_what_it_offers(lamina: Lamina) -> None:
    done = lamina("lab", "start", "only-what-changed", "--auto", "--set", "sped=1")
    assert done.code == 1
    assert "it has: speed=10000000" in done.err


async def test_what_a_check_found_is_said_by_its_command(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        place.commands["list"] = "lamina images"
        place.figures |= {
            "list.said": Figure("a\nlab/web:1"), "list.code": Figure(1, Unit.COUNT),
            "was.said": Figure("a\nlab/web:2"),
            "big": Figure(5_000_000, Unit.BYTES), "small": Figure(2, Unit.BYTES),
        }  # fmt: skip
        found = [
            await checks.says(place, of="list.said", text="lab/web"),
            await checks.differ(place, of="list.said, was.said"),
            await checks.more(place, of="big, small", times=100),
            await checks.at_most(place, of="list.code", value=0),
            await checks.containers_are(place, count=0),
        ]
    assert [(each.ok, each.said) for each in found] == [
        (True, "`lamina images` says 'lab/web'"),
        (True, "`lamina images` says lab/web:1, was.said says lab/web:2"),
        (True, "big is 5 MB, more than 100 times 2 B, which is small"),
        (False, "the exit code of `lamina images` is 1, and must be at most 0"),
        (True, "0 containers in all"),
    ]


async def test_refusal_of_lamina_is_told_from_what_it_said_besides(outer: Settings) -> None:
    async with opened(outer, {}) as place:
        place.figures |= {
            "a": Figure("  1 waiting\nlamina: no such thing\n        try another"),
            "b": Figure("fine"),
        }
        assert (await readings.complaint(place, of="a")).value == "no such thing"
        with pytest.raises(NotFound):
            await readings.complaint(place, of="b")
