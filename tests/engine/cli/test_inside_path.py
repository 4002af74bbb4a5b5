"""The verbs that look inside images, on small real images and, where they are served, on large ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.engine.test_imports import SLOW, loaded_by_command
from tests.support import leaks
from tests.support.command import Lamina
from tests.support.peers import RealRegistry
from tests.support.small_images import SmallImages, unpack

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def store() -> Iterator[Lamina]:
    """A store that the tests of this module share; they only read it."""
    with leaks.scratch_store() as root:
        yield Lamina(root)


@pytest.fixture(scope="module")
def images(small_images: SmallImages, store: Lamina) -> SmallImages:
    """The small images, pulled."""
    for name in (small_images.odd, small_images.app1, small_images.app2):
        store("pull", name).ok()
    return small_images


def paths(lamina: Lamina, *words: str) -> set[str]:
    """The paths of a tree."""
    return {row["path"] for row in lamina("tree", *words, "--format", "json").json()}


def test_tree_is_what_umoci_unpacks(images: SmallImages, store: Lamina, tmp_path: Path) -> None:
    root = unpack(images.layout, "odd", tmp_path / "bundle")
    expected = {
        f"/{os.path.relpath(os.path.join(directory, name), root)}"
        for directory, folders, files in os.walk(root)
        for name in (*folders, *files)
    }
    assert paths(store, images.odd) == expected | {"/"}


def test_tree_of_one_layer_tells_what_it_changed(images: SmallImages, store: Lamina) -> None:
    rows = store("tree", images.odd, "/odd", "--layer", "3", "--format", "json").json()
    changes = {row["path"]: row["change"] for row in rows}
    assert changes["/odd/hidden-directory/inside"] == "removed"
    assert changes["/odd/file"] == "changed"
    assert changes["/odd/directory-to-file"] == "changed"
    assert changes["/odd/replaced-directory/new"] == "added"
    assert changes["/odd/kept"] == "attributes"


def test_tree_up_to_a_layer_has_what_later_layers_hide(images: SmallImages, store: Lamina) -> None:
    found = paths(store, images.odd, "--layer", "2", "--stacked")
    assert "/odd/hidden-file" in found
    assert "/odd/hidden-file" not in paths(store, images.odd)


def test_tree_is_filtered_sorted_and_cut(images: SmallImages, store: Lamina) -> None:
    assert paths(store, images.odd, "--filter", "pass*") == {"/etc/passwd"}
    assert paths(store, images.odd, "--filter", "/etc/*") == {"/etc/passwd", "/etc/group"}
    assert paths(store, images.odd, "--depth", "0") == {"/"}
    rows = store("tree", images.odd, "--depth", "1", "--sort", "size", "--format", "json").json()[1:]
    assert [row["size"] for row in rows] == sorted((row["size"] for row in rows), reverse=True)


def test_tree_of_a_path_that_is_not_there_says_so(images: SmallImages, store: Lamina) -> None:
    finished = store("tree", images.odd, "/nothing")
    assert finished.code == 1
    assert "no path" in finished.err


def test_layer_that_is_not_there_says_how_many_there_are(images: SmallImages, store: Lamina) -> None:
    assert "layers 1 to 3" in store("tree", images.odd, "--layer", "9").err


def test_blame_names_layers_and_the_winner(images: SmallImages, store: Lamina) -> None:
    found = store("blame", images.odd, "/odd/file", "--format", "json").json()
    assert [(touch["layer"], touch["change"], touch["wins"]) for touch in found["touches"]] == [
        (2, "added", False), (3, "changed", True),
    ]  # fmt: skip
    assert "no container sees it" in store("blame", images.odd, "/odd/hidden-file").ok().out


def test_waste_names_what_was_removed(images: SmallImages, store: Lamina) -> None:
    found = store("waste", images.odd, "--format", "json").json()
    causes = {path["path"]: path["cause"] for path in found["paths"]}
    assert causes["/odd/hidden-directory"] == "removed"
    assert causes["/odd/file"] == "replaced"
    assert found["wasted"] == sum(path["size"] for path in found["paths"])
    assert "Efficiency" in store("waste", images.odd).ok().out


def test_cat_prints_bytes_as_they_are(images: SmallImages, store: Lamina) -> None:
    assert store("cat", images.odd, "/odd/file").ok().out == "changed\n"
    assert store("cat", images.odd, "/odd/absolute").ok().out.startswith("root:x:0:0")
    document = store("cat", images.odd, "odd/link", "--format", "json").json()
    assert (document["path"], document["content"], document["layer"]) == ("/odd/file", "changed\n", 3)


@pytest.mark.parametrize(
    ("path", "said"), [("/odd", "is a directory"), ("/odd/pipe", "no regular file"), ("/x", "no path")]
)
def test_cat_of_no_file_is_refused(path: str, said: str, images: SmallImages, store: Lamina) -> None:
    finished = store("cat", images.odd, path)
    assert finished.code == 1
    assert said in finished.err


def test_extract_writes_the_tree(images: SmallImages, store: Lamina, tmp_path: Path) -> None:
    done = store("extract", images.odd, "/odd", str(tmp_path / "out"), "--format", "json").json()
    assert (tmp_path / "out/replaced-directory/new").read_text() == "new\n"
    assert (tmp_path / "out/setuid").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "out/link-to-below").stat().st_size > 10_000
    assert done["skipped"] == ["odd/pipe"]
    assert store("extract", images.odd, "/odd", str(tmp_path / "out" / "file")).code == 1


def test_diff_shows_layers_files_and_the_text_of_one(images: SmallImages, store: Lamina) -> None:
    whole = store("diff", images.app1, images.app2, "--format", "json").json()
    assert [(pair["old"], pair["new"]) for pair in whole["layers"]] == [(1, 1), (2, None), (None, 2)]
    assert [(file["path"], file["change"]) for file in whole["files"]] == [("/srv/app", "changed")]
    assert [change["name"] for change in whole["settings"]] == ["label version"]
    text = store("diff", images.app1, images.app2, "/srv/app").ok().out
    assert '-echo version 1 "$@"' in text
    assert '+echo version 2 "$@"' in text


def test_diff_of_a_directory_is_limited_to_it(images: SmallImages, store: Lamina) -> None:
    assert "/srv/app" in store("diff", images.app1, images.app2, "/srv").ok().out
    assert store("diff", images.app1, images.app2, "/etc").ok().out == ""
    assert store("diff", images.app1, images.app2, "/nothing").code == 1


def test_compare_tells_the_download(images: SmallImages, store: Lamina) -> None:
    found = store("compare", images.app1, images.app2, "--format", "json").json()
    layers = store("layers", images.app2, "--format", "json").json()
    assert found["download_bytes"] == layers[1]["compressed"]
    assert found["files"] == {"changed": 1}
    assert "Download" in store("compare", images.app1, images.app2).ok().out


def test_sharing_says_what_removal_then_frees(small_images: SmallImages, lamina: Lamina) -> None:
    for name in (small_images.app1, small_images.app2):
        lamina("pull", name).ok()
    both = lamina("sharing", small_images.app1, small_images.app2, "--format", "json").json()["freed"]
    one = lamina("sharing", small_images.app1, "--format", "json").json()["freed"]
    before = _usage(lamina.root)
    lamina("rmi", small_images.app1).ok()
    assert before - _usage(lamina.root) == one["total"]
    lamina("rmi", small_images.app2).ok()
    assert before - _usage(lamina.root) == both["total"]


def _usage(root: Path) -> int:
    """Bytes of what layers and blobs hold: files of layers, each once, and blobs."""
    inodes: dict[int, int] = {}
    for place in (*root.glob("layers/*/fs"), root / "blobs"):
        for directory, _, names in os.walk(place):
            for name in names:
                status = os.lstat(os.path.join(directory, name))
                if not os.path.islink(os.path.join(directory, name)):
                    inodes[status.st_ino] = status.st_size
    return sum(inodes.values())


def test_sharing_prints_a_line_for_each_image(images: SmallImages, store: Lamina) -> None:
    told = store("sharing").ok().out
    assert all(name in told for name in (images.odd, images.app1, images.app2))
    assert "Removing these frees" in told


def test_check_image_passes_and_fails_by_its_exit_code(
    images: SmallImages, store: Lamina, tmp_path: Path
) -> None:
    assert store("check-image", images.app2, "--max-waste", "0", "--no-hidden-secrets").ok().code == 0
    assert store("check-image", images.odd, "--max-waste", "0").code == 1
    rules = tmp_path / "rules.toml"
    rules.write_text(f'max-update-bytes = "1kB"\nfrom = "{images.app1}"\nmax-waste = "0"\n')
    store("check-image", images.app2, "--rules", str(rules)).ok()
    finished = store("check-image", images.odd, "--rules", str(rules), "--format", "junit")
    assert finished.code == 1
    assert ET.fromstring(finished.out).get("failures") == "2"


def test_check_image_in_json_names_the_rules(images: SmallImages, store: Lamina) -> None:
    finished = store(
        "check-image", images.odd, "--max-waste", "0", "--min-efficiency", "1%", "--format", "json"
    )
    assert finished.code == 1
    assert '"passed": false' in finished.out


@pytest.mark.parametrize("words", [[], ["--max-waste", "x"], ["--from", "y"], ["--rules", "/nothing"]])
def test_check_image_without_a_rule_that_can_be_told_is_an_error(words: list[str], lamina: Lamina) -> None:
    finished = lamina("check-image", "image", *words)
    assert finished.code == 125
    assert "Traceback" not in finished.err


@pytest.mark.parametrize(
    "words", [["tree"], ["waste"], ["blame"], ["cat"], ["sharing"]], ids=lambda words: str(words[0])
)
def test_verb_loads_nothing_slow(words: list[str], images: SmallImages, store: Lamina) -> None:
    path = ["/etc/passwd"] if words[0] in ("blame", "cat") else []
    assert not loaded_by_command(store, *words, images.odd, *path) & SLOW


def test_python_image_names_its_chmod_layer_and_its_removed_tests(
    real_registry: RealRegistry, lamina: Lamina
) -> None:
    image = real_registry.image("python:3.11")
    lamina("pull", image, timeout=120).ok()
    found = lamina("waste", image, "--lines", "0", "--format", "json").json()
    causes = {path["path"]: path for path in found["paths"]}
    removed = causes["/usr/lib/python3/dist-packages/numpy/tests"]
    assert (removed["cause"], removed["hidden_by"]) == ("removed", [4])
    copied = [path for path in found["paths"] if path["cause"] == "attributes"]
    assert all(path["hidden_by"] == [3] for path in copied)
    rows = lamina("tree", image, "--layer", "3", "--format", "json").json()
    assert sum(row["change"] == "attributes" for row in rows) == 500
