from engine.images.models import Role
from engine.images.views import align_history, detail, summary
from engine.oci import History, ImageConfig, Platform, RunConfig
from tests.engine.images.make import catalogue, image, stack

BASE = image("debian:12", "base")
WEB1 = image("web:1", "base runtime app1")
WEB2 = image("web:2", "base runtime app2")
ALL = catalogue(WEB2, WEB1, BASE)


def entry(created_by: str, empty: bool = False) -> History:
    return History(1.0, created_by, "", "", empty)


def config(*history: History) -> ImageConfig:
    return ImageConfig(
        Platform("linux", "amd64"), None, "", RunConfig(), stack("base runtime app1"), history, b""
    )


def test_unique_and_shared_make_up_unpacked() -> None:
    row = summary(WEB1, ALL)
    assert (row.unique, row.shared, row.unpacked) == (400, 1100, 1500)
    assert [layer.shared for layer in row.layers] == [True, True, False]


def test_a_layer_that_stands_twice_counts_once() -> None:
    row = summary(image("x", "a empty b empty"), catalogue())
    assert row.unpacked == 100 + 500 + 100
    assert len(row.layers) == 4


def test_names_are_familiar_and_sorted() -> None:
    names = ("docker.io/library/redis:7", "127.0.0.1:5000/redis:7")
    assert summary(image("x", "a", names=names), catalogue()).names == ("127.0.0.1:5000/redis:7", "redis:7")


def test_layers_know_their_users_roles_and_base() -> None:
    rows = detail(WEB1, ALL, config()).layers
    assert [row.used_by for row in rows] == [("debian:12", "web:2"), ("web:2",), ()]
    assert [row.role for row in rows] == [Role.BASE, Role.INTERMEDIATE, Role.APPLICATION]
    assert [row.base_of for row in rows] == ["debian:12", "", ""]


def test_history_gives_each_layer_its_instruction() -> None:
    shown = detail(
        WEB1, ALL, config(entry("ADD base"), entry("ENV a=b", True), entry("RUN x"), entry("COPY app"))
    )
    assert [row.created_by for row in shown.layers] == ["ADD base", "RUN x", "COPY app"]
    assert [row.position for row in shown.history] == [1, None, 2, 3]
    assert [row.unpacked for row in shown.history] == [400, 0, 700, 400]


def test_without_history_layers_are_told_nothing() -> None:
    shown = detail(WEB1, ALL, config())
    assert [row.created_by for row in shown.layers] == ["", "", ""]
    assert shown.history == ()


def test_history_that_contradicts_the_layers_is_shown_but_not_aligned() -> None:
    shown = detail(WEB1, ALL, config(entry("one"), entry("two")))
    assert [row.created_by for row in shown.layers] == ["", "", ""]
    assert [row.created_by for row in shown.history] == ["one", "two"]
    assert align_history((entry("a"), entry("b"), entry("c", True)), 1) == (None, None, None)
