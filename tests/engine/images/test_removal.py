import pytest

from engine.errors import Conflict
from engine.images.catalogue import Catalogue, ImageRecord
from engine.images.naming import Match
from engine.images.removal import Removal, decide
from tests.engine.images.make import catalogue, digest, image, stack

TWO_NAMES = ("docker.io/library/a:1", "docker.io/library/b:1")


def removal(
    target: ImageRecord,
    everything: Catalogue,
    *,
    name: str | None = None,
    leased: tuple[str, ...] = (),
    force: bool = False,
    running: bool = False,
) -> Removal:
    match = Match(target, target.names[0] if name is None and target.names else name or "")
    return decide(match, everything, leased, force, lambda _: running)


def test_only_layers_that_no_other_image_has_go() -> None:
    one, two = image("web:1", "base runtime app1"), image("web:2", "base runtime app2")
    decided = removal(one, catalogue(one, two))
    assert decided.layers == stack("app1")
    assert decided.unpacked == 400
    assert set(decided.blobs) == {one.id, one.manifest_digest, digest("blob of app1")}


def test_the_last_image_takes_everything_along() -> None:
    one = image("web:1", "base app")
    decided = removal(one, catalogue(one))
    assert decided.layers == stack("base app")
    assert decided.stack == one.stack


def test_what_a_pull_counts_on_stays() -> None:
    one = image("web:1", "base app")
    decided = removal(one, catalogue(one), leased=(digest("base"), digest("blob of base")))
    assert decided.layers == stack("app")
    assert digest("blob of base") not in decided.blobs


def test_one_of_several_names_goes_alone() -> None:
    one = image("x", "a", names=TWO_NAMES)
    assert removal(one, catalogue(one)) == Removal((TWO_NAMES[0],))


def test_an_id_with_several_names_is_refused_unless_forced() -> None:
    one = image("x", "a", names=TWO_NAMES)
    with pytest.raises(Conflict, match="several names"):
        removal(one, catalogue(one), name="")
    assert removal(one, catalogue(one), name="", force=True).names == TWO_NAMES


def test_an_image_with_a_stopped_container_is_refused_with_a_hint() -> None:
    one = image("x", "a", containers=("c" * 64,))
    with pytest.raises(Conflict) as caught:
        removal(one, catalogue(one))
    assert "lamina rm cccccccccccc" in caught.value.hint


def test_forced_it_loses_its_names_and_keeps_what_the_container_needs() -> None:
    one = image("x", "a", containers=("c" * 64,))
    decided = removal(one, catalogue(one), force=True)
    assert decided == Removal(one.names)


def test_a_running_container_forbids_it_even_when_forced() -> None:
    one = image("x", "a", containers=("c" * 64,))
    with pytest.raises(Conflict, match="running"):
        removal(one, catalogue(one), force=True, running=True)


def test_a_nameless_image_that_a_container_needs_stays() -> None:
    one = image("x", "a", names=(), containers=("c" * 64,))
    with pytest.raises(Conflict):
        removal(one, catalogue(one), force=True)


def test_another_image_with_the_same_stack_keeps_its_seam() -> None:
    one, two = image("x:1", "a b"), image("x:2", "a b")
    assert removal(one, catalogue(one, two)).stack == ()
