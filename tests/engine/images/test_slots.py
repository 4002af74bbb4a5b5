import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.images.slots import SLOTS, choose_slots, remember_slots
from engine.oci import Digest
from engine.settings import Settings
from engine.store import Database, Layout
from tests.engine.images.make import digest, stack

layers = st.integers(0, 60).map(lambda number: digest(str(number)))


def test_a_short_stack_has_no_colour_twice() -> None:
    chosen = choose_slots(stack("a b c d e f g h"), {})
    assert len(set(chosen.values())) == 8


def test_a_known_layer_keeps_its_slot() -> None:
    assert choose_slots(stack("a b"), {digest("b"): 5})[digest("b")] == 5


def test_the_least_used_slot_is_preferred() -> None:
    known = {digest(f"other {slot}"): slot for slot in range(SLOTS) if slot != 11}
    assert choose_slots(stack("a"), known) == {digest("a"): 11}


@given(st.lists(layers, max_size=40, unique=True), st.dictionaries(layers, st.integers(0, SLOTS - 1)))
def test_a_new_layer_differs_from_both_neighbours(order: list[Digest], known: dict[Digest, int]) -> None:
    chosen = choose_slots(order, known)
    assert set(chosen) == set(order)
    for below, above in itertools.pairwise(order):
        assert chosen[below] != chosen[above] or {below, above} <= set(known)


def test_a_stack_that_repeats_a_layer_gives_it_one_slot() -> None:
    assert len(choose_slots(stack("a b a c a"), {})) == 3


def test_slots_are_remembered_and_the_first_one_stays(settings: Settings) -> None:
    database = Database(Layout.of(settings))
    with database.write() as connection:
        remember_slots(connection, {digest("a"): 3})
        remember_slots(connection, {digest("a"): 4, digest("b"): 5})
        rows = dict(connection.execute("SELECT diff_id, slot FROM slots").fetchall())
    assert rows == {digest("a"): 3, digest("b"): 5}
