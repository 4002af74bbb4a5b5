"""An image without any layer: what runs in it is mounted into it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import leaks
from tests.support.command import Lamina
from tests.support.peers import needs_programs
from tests.support.small_images import BUSYBOX

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


def _archive(path: Path) -> Path:
    """What `docker save` writes of an image made FROM scratch with nothing but a label."""
    run = {"Labels": {"why": "nothing"}, "Cmd": ["/nothing"]}
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    data = json.dumps(config).encode()
    name = f"{hashlib.sha256(data).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": ["empty:1"], "Layers": []}]).encode()
    with tarfile.open(path, "w") as tar:
        for member, content in ((name, data), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lamina]:
    archive = _archive(tmp_path_factory.mktemp("empty") / "empty.tar")
    with leaks.scratch_store() as root:
        lamina = Lamina(root)
        lamina("load", "-q", "--platform", "linux/amd64", "-i", str(archive)).ok()
        yield lamina


def _said(house: Lamina, image: str) -> str:
    needs_programs("busybox")
    bound = f"{BUSYBOX}:/bin/echo:ro"
    return house("run", "--rm", "--network", "none", "-v", bound, image, "/bin/echo", "hello").ok().out


def test_what_is_mounted_into_it_runs(house: Lamina) -> None:
    assert _said(house, "empty:1") == "hello\n"


def test_a_program_that_it_names_is_not_there(house: Lamina) -> None:
    assert house("run", "--rm", "--network", "none", "empty:1").code == 127


def test_files_of_its_containers_become_a_layer(house: Lamina, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("some text")
    house("create", "--name", "c", "--network", "none", "empty:1").ok()
    house("cp", str(tmp_path / "file"), "c:/file").ok()
    assert house("diff", "c").ok().out == "A /file\n"
    assert house("overlay", "c", "--format", "json").json()["layers"] == ["nothing"]
    house("commit", "c", "filled:1").ok()
    house("rm", "c").ok()
    assert house("cat", "filled:1", "/file").ok().out == "some text"
    assert _said(house, "filled:1") == "hello\n"
    house("rmi", "filled:1").ok()


def test_it_is_shown_checked_and_saved_as_it_came(house: Lamina, tmp_path: Path) -> None:
    assert (
        house("inspect", "-f", "{{.RootFS.Layers}} {{.Config.Labels.why}}", "empty:1").ok().out
        == "[] nothing\n"
    )
    assert house("layers", "empty:1", "--format", "json").json() == []
    house("system", "check").ok()
    identifier = house("images", "-q", "empty:1").ok().out
    house("save", "-o", str(tmp_path / "again.tar"), "empty:1").ok()
    house("rmi", "empty:1").ok()
    house("load", "-q", "--platform", "linux/amd64", "-i", str(tmp_path / "again.tar")).ok()
    assert house("images", "-q", "empty:1").ok().out == identifier
