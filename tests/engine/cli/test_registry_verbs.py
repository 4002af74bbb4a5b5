"""login, push, copy, tags, search, outdated, churn and logout, as people type them, beside skopeo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.registry.test_peer import HTPASSWD, ME
from tests.support.command import Finished, Lamina
from tests.support.peers import PeerRegistry, needs_programs, peer_registry, run
from tests.support.small_images import SmallImages

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("requires_root")]


@dataclass(frozen=True, slots=True)
class Desk:
    """A command line with settings of its own, and a registry that wants a password."""

    lamina: Lamina
    config: Path
    private: PeerRegistry

    def __call__(self, *args: str, stdin: str = "") -> Finished:
        home = {"LAMINA_CONFIG": str(self.config), "DOCKER_CONFIG": str(self.config / "docker")}
        done = self.lamina(*args, stdin=stdin, env=home)
        assert ME.secret not in done.out + done.err
        return done

    def login(self) -> Finished:
        words = ("login", "-u", ME.username, "--password-stdin", self.private.host)
        return self(*words, stdin=f"{ME.secret}\n")


@pytest.fixture
def desk(lamina: Lamina, tmp_path: Path) -> Iterator[Desk]:
    needs_programs("skopeo")
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    with peer_registry(tmp_path, f'{{htpasswd: {{realm: x, path: "{tmp_path}/htpasswd"}}}}') as private:
        yield Desk(lamina, tmp_path / "config", private)


def test_what_is_pushed_to_a_private_registry_is_what_skopeo_finds(
    desk: Desk, small_images: SmallImages, tmp_path: Path
) -> None:
    name = f"{desk.private.host}/team/app:1"
    desk("pull", "-q", small_images.app1).ok()
    desk("tag", small_images.app1, name).ok()
    assert "lamina login" in desk("push", name).err
    assert desk.login().ok().out == "Login Succeeded\n"
    assert (desk.config / "credentials.json").stat().st_mode & 0o777 == 0o600
    done = desk("push", name).ok()
    pair = f"{ME.username}:{ME.secret}"
    found = json.loads(run("skopeo", "inspect", "--tls-verify=false", "--creds", pair, f"docker://{name}"))
    assert done.out == f"{name}: digest: {found['Digest']}\n"
    run(
        "skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false", "--src-creds", pair,
        f"docker://{name}", f"oci:{tmp_path}/layout:app",
    )  # fmt: skip
    original = json.loads(run("skopeo", "inspect", "--tls-verify=false", f"docker://{small_images.app1}"))
    assert (found["Digest"], found["Layers"]) == (original["Digest"], original["Layers"])
    assert desk("push", name, "--format", "json").json()["sent_bytes"] == 0


def test_a_login_that_fails_keeps_nothing(desk: Desk) -> None:
    done = desk("login", "-u", "me", "--password-stdin", desk.private.host, stdin="wrong")
    assert done.code == 1
    assert not (desk.config / "credentials.json").exists()


def test_a_password_among_the_words_is_warned_of(desk: Desk) -> None:
    done = desk.lamina(
        "login",
        "-u",
        ME.username,
        "-p",
        ME.secret,
        desk.private.host,
        env={"LAMINA_CONFIG": str(desk.config)},
    ).ok()
    assert "--password-stdin" in done.err
    assert ME.secret not in done.out + done.err


def test_who_has_no_terminal_is_not_asked(desk: Desk) -> None:
    done = desk("login", desk.private.host)
    assert (done.code, "--password-stdin" in done.err) == (1, True)


def test_a_logout_is_known_at_once(desk: Desk) -> None:
    desk.login().ok()
    assert desk("search", desk.private.host).ok().out == ""
    assert desk("logout", desk.private.host).ok().out.startswith("Removing login credentials")
    assert desk("logout", desk.private.host).ok().out.startswith("Not logged in")
    assert desk("search", desk.private.host).code == 1


def test_images_go_from_registry_to_registry(desk: Desk, small_images: SmallImages) -> None:
    desk.login().ok()
    for number, source in enumerate((small_images.app1, small_images.app2), 1):
        desk("copy", source, f"{desk.private.host}/team/app:{number}").ok()
    assert desk("tags", f"{desk.private.host}/team/app").ok().out == "1\n2\n"
    assert desk("search", f"{desk.private.host}/te").ok().out == f"{desk.private.host}/team/app\n"
    releases = desk("churn", f"{desk.private.host}/team/app", "--format", "json").json()["releases"]
    assert [release["tag"] for release in releases] == ["1", "2"]
    assert [layer["new"] for layer in releases[1]["layers"]] == [False, True]
    assert releases[1]["cost"] == releases[1]["layers"][1]["size"]
    shown = desk("churn", f"{desk.private.host}/team/app", "--layers").ok().out
    assert "1 of 2" in shown


def test_a_tag_that_moved_on_is_named(desk: Desk, small_images: SmallImages) -> None:
    desk.login().ok()
    name = f"{desk.private.host}/team/app:latest"
    desk("copy", small_images.app1, name).ok()
    desk("pull", "-q", name).ok()
    assert desk("outdated").ok().out == "1 of 1 tags are current\n"
    desk("copy", small_images.app2, name).ok()
    (found,) = desk("outdated", "--format", "json").json()
    assert (found["standing"], found["fetch_layers"], found["layers"]) == ("newer", 1, 2)
    plan = desk("plan", name, "--format", "json").json()
    assert plan["fetch_bytes"] == found["fetch_bytes"]
    assert "newer" in desk("outdated").ok().out


def test_all_tags_of_a_repository_are_pushed(desk: Desk, small_images: SmallImages) -> None:
    desk.login().ok()
    for number, source in enumerate((small_images.app1, small_images.app2), 1):
        desk("pull", "-q", source).ok()
        desk("tag", source, f"{desk.private.host}/team/app:{number}").ok()
    done = desk("push", "--all-tags", "-q", f"{desk.private.host}/team/app").ok()
    assert len(done.out.splitlines()) == 2
    assert desk("tags", f"{desk.private.host}/team/app", "--format", "json").json() == ["1", "2"]
