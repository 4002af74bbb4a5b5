"""Docker's rules from an image's HEALTHCHECK and a person's options to what is run."""

import pytest

from engine.containers.health import resolve_health
from engine.containers.models import HealthCheck
from engine.errors import InvalidArgument

UNSAID = HealthCheck()
IMAGE = HealthCheck(("CMD", "look"), interval=5, timeout=2, start_period=7, start_interval=1, retries=4)


def test_an_image_alone_says_everything() -> None:
    assert resolve_health(UNSAID, IMAGE, False) == IMAGE


def test_what_nobody_says_is_dockers() -> None:
    found = resolve_health(UNSAID, HealthCheck(("CMD-SHELL", "true")), False)
    assert found == HealthCheck(("CMD-SHELL", "true"), 30, 30, 0, 5, 3)


def test_options_stand_over_the_image_field_by_field() -> None:
    found = resolve_health(HealthCheck(("CMD-SHELL", "mine"), timeout=9), IMAGE, False)
    assert found == IMAGE._replace(test=("CMD-SHELL", "mine"), timeout=9)


@pytest.mark.parametrize(
    "image", [UNSAID, HealthCheck(("NONE",)), HealthCheck(("CMD",)), HealthCheck(("?", "x"))]
)
def test_an_image_that_names_no_program_is_not_asked(image: HealthCheck) -> None:
    assert resolve_health(UNSAID, image, False) is None


def test_it_can_be_turned_off_but_not_with_other_options() -> None:
    assert resolve_health(UNSAID, IMAGE, True) is None
    assert resolve_health(HealthCheck(("NONE",)), IMAGE, False) is None
    with pytest.raises(InvalidArgument, match="--no-healthcheck"):
        resolve_health(HealthCheck(interval=1), IMAGE, True)


@pytest.mark.parametrize(
    "asked",
    [
        HealthCheck(interval=1e-6),
        HealthCheck(timeout=1e12),
        HealthCheck(retries=-1),
        HealthCheck(("CMD", "\0")),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: HealthCheck) -> None:
    with pytest.raises(InvalidArgument, match="--health"):
        resolve_health(asked, IMAGE, False)


def test_times_without_a_program_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="--health options"):
        resolve_health(HealthCheck(interval=1), UNSAID, False)


def test_an_image_cannot_have_itself_asked_without_end() -> None:
    found = resolve_health(UNSAID, IMAGE._replace(interval=1e-9), False)
    assert found is not None
    assert found.interval == 0.1
