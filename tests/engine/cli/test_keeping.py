"""load, save, image prune and system on the command line."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest

from tests.support.command import Lamina
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root", "no_leaks")]


@pytest.fixture
def odd(lamina: Lamina, small_images: SmallImages) -> str:
    lamina("pull", "-q", small_images.odd).ok()
    return small_images.odd


def test_an_image_goes_out_by_a_pipe_and_comes_back(lamina: Lamina, odd: str, tmp_path: Path) -> None:
    with (tmp_path / "a.tar.gz").open("wb") as file:
        saved = subprocess.run(lamina.words("save", odd), capture_output=True, check=True)
        file.write(gzip.compress(saved.stdout, 1))
    before = lamina("images", "--format", "json").json()[0]["id"]
    lamina("rmi", odd).ok()
    with (tmp_path / "a.tar.gz").open("rb") as file:
        loaded = subprocess.run(lamina.words("load", "-q"), stdin=file, capture_output=True, check=True)
    assert loaded.stdout.decode() == f"Loaded image: {odd}\n"
    assert lamina("images", "--format", "json").json()[0]["id"] == before


def test_a_loaded_image_runs(lamina: Lamina, odd: str, tmp_path: Path) -> None:
    lamina("save", "--format", "oci-dir", "--compress", "zstd", "-o", str(tmp_path / "layout"), odd).ok()
    lamina("rmi", odd).ok()
    lamina("load", "-q", "-i", str(tmp_path / "layout")).ok()
    assert lamina("run", "--rm", odd, "cat", "/odd/replaced-directory/new").ok().out == "new\n"


def test_a_store_with_every_kind_of_entry_is_sound(lamina: Lamina, odd: str) -> None:
    report = lamina("system", "check", "--format", "json").json()
    assert (report["sound"], report["problems"]) == (True, [])


def test_a_damaged_seam_is_found_and_made_again(lamina: Lamina, odd: str) -> None:
    (seam,) = (lamina.root / "seams").iterdir()
    (seam / "fs").chmod(0o711)
    found = lamina("system", "check")
    assert found.code == 1
    assert "WRONG: seam" in found.out
    assert "repaired: seam" in lamina("system", "check", "--repair").ok().out
    lamina("system", "check").ok()
    assert lamina("run", "--rm", odd, "stat", "-c", "%a", "/").ok().out == "755\n"


def test_what_a_running_container_stands_on_is_not_replaced(lamina: Lamina, odd: str) -> None:
    lamina("run", "-d", "--name", "c1", odd, "sleep", "100").ok()
    (file,) = lamina.root.glob("layers/*/fs/etc/passwd")
    file.write_bytes(b"damaged")
    told = lamina("system", "check", "--repair")
    assert told.code == 1
    assert "c1 stands on it: stop it" in told.out
    lamina("rm", "-f", "c1").ok()
    assert "1 repaired, 0 wrong" in lamina("system", "check", "--repair").ok().out


def test_usage_says_what_a_prune_frees(lamina: Lamina, odd: str, small_images: SmallImages) -> None:
    lamina("run", "--name", "c1", odd, "true").ok()
    lamina("tree", f"docker://{small_images.app2}").ok()
    rows = lamina("system", "df", "--format", "json").json()["rows"]
    reclaimable = sum(
        row["reclaimable"]
        for row in rows
        if row["kind"] in ("images", "containers", "file tables", "leftovers")
    )
    assert [row["total"] for row in rows if row["kind"] in ("file tables", "leftovers")] == [1, 0]
    said = lamina("system", "prune", "-a", stdin="n\n")
    assert said.code != 0
    assert f"({reclaimable} bytes)" in said.out
    done = lamina("system", "prune", "-a", stdin="y\n").ok()
    assert (
        f"Total reclaimed space: {said.out.split('free ')[1].split(' (')[0]} ({reclaimable} bytes)"
        in done.out
    )
    assert lamina("images", "-q").ok().out == lamina("ps", "-aq").ok().out == ""


def test_a_running_container_keeps_its_image_through_a_prune(lamina: Lamina, odd: str) -> None:
    lamina("run", "-d", "--name", "c1", odd, "sleep", "100").ok()
    assert lamina("system", "prune", "-a", "-f", "--format", "json").json()["containers"] == []
    assert lamina("images", "-q").ok().out
    lamina("rm", "-f", "c1").ok()


def test_image_prune_leaves_images_with_names(lamina: Lamina, odd: str) -> None:
    assert "Total reclaimed space: 0 B" in lamina("image", "prune", "-f").ok().out
    assert odd.rpartition(":")[0] in lamina("image", "ls").ok().out


def test_a_place_that_cannot_be_written_is_named(lamina: Lamina, odd: str, tmp_path: Path) -> None:
    failed = lamina("save", "-o", str(tmp_path / "nowhere" / "a.tar"), odd)
    assert failed.code == 1
    assert "nowhere/a.tar cannot be written: No such file or directory" in failed.err


def test_a_save_into_a_pipe_that_closes_ends_quietly(lamina: Lamina, odd: str) -> None:
    with subprocess.Popen(
        lamina.words("save", odd), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_a_wrong_archive_is_said_in_a_line(lamina: Lamina, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"no archive" * 200)
    told = lamina("load", "-i", str(tmp_path / "a.tar"))
    assert told.code == 1
    assert told.err.startswith("lamina: ")
    assert lamina("load", "-i", str(tmp_path / "none")).code == 1
