from engine.images.models import Role
from engine.images.roles import endings, roles
from tests.engine.images.make import stack

BASE, BETWEEN, APP = Role.BASE, Role.INTERMEDIATE, Role.APPLICATION


def test_alone_in_a_store_the_first_layer_is_the_base_and_the_last_the_application() -> None:
    assert roles(4, endings(stack("a b c d"), [])) == (BASE, BETWEEN, BETWEEN, APP)


def test_a_single_layer_is_a_base() -> None:
    assert roles(1, {}) == (BASE,)


def test_two_layers_are_base_and_application() -> None:
    assert roles(2, {}) == (BASE, APP)


def test_no_layer_has_no_role() -> None:
    assert roles(0, {}) == ()


def test_the_base_reaches_to_the_end_of_the_longest_image_that_begins_the_stack() -> None:
    ends = endings(
        stack("a b c d e"), [(stack("a"), "debian:12"), (stack("a b c"), "python:3"), (stack("b"), "x")]
    )
    assert ends == {1: "debian:12", 3: "python:3"}
    assert roles(5, ends) == (BASE, BASE, BASE, BETWEEN, APP)


def test_the_base_may_end_right_below_the_application() -> None:
    assert roles(3, endings(stack("a b c"), [(stack("a b"), "base")])) == (BASE, BASE, APP)


def test_an_image_with_the_same_stack_is_not_its_base() -> None:
    assert endings(stack("a b"), [(stack("a b"), "twin")]) == {}


def test_a_longer_image_is_not_a_base() -> None:
    assert endings(stack("a"), [(stack("a b"), "longer")]) == {}


def test_an_image_without_layers_is_nobodys_base() -> None:
    assert endings(stack("a"), [((), "scratch")]) == {}


def test_of_two_names_for_one_end_the_first_in_order_is_told() -> None:
    assert endings(stack("a b"), [(stack("a"), "zeta"), (stack("a"), "alpha")]) == {1: "alpha"}
