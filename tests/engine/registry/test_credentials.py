"""Credentials: read from Docker's files and helpers, kept 0600, shown by nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from pathlib import Path

import pytest

from engine.errors import InvalidArgument, Unavailable
from engine.registry.credential_file import CredentialFile, forget, keep
from engine.registry.credentials import Credential, DockerCredentials
from engine.registry.helper_program import HelperProgram

ME = Credential("me", "se:cret")
AUTH = base64.b64encode(b"me:se:cret").decode()


def config(path: Path, document: object) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def helper(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch, name: str = "test") -> None:
    """A helper program of a few lines of shell."""
    program = directory / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("key", "domain"),
    [
        ("lan:5000", "lan:5000"),
        ("https://lan:5000", "lan:5000"),
        ("https://lan:5000/v1/", "lan:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
    ],
)
async def test_a_registry_is_found_however_its_key_is_spelled(tmp_path: Path, key: str, domain: str) -> None:
    file = config(tmp_path / "config.json", {"auths": {key: {"auth": AUTH}}})
    assert await DockerCredentials([file]).find(domain) == ME


@pytest.mark.parametrize("domain", ["lan", "lan:50", "lan:5000.evil.example", "xlan:5000", "evil.example"])
async def test_another_registry_gets_nothing(tmp_path: Path, domain: str) -> None:
    keys = {"lan:5000": {"auth": AUTH}, "https://lan.example/evil.example": {"auth": AUTH}}
    file = config(tmp_path / "config.json", {"auths": keys})
    assert await DockerCredentials([file]).find(domain) is None


async def test_the_first_file_that_knows_the_registry_wins(tmp_path: Path) -> None:
    other = base64.b64encode(b"you:x").decode()
    files = [
        tmp_path / "missing.json",
        config(tmp_path / "a.json", {"auths": {"lan": {"auth": other}}}),
        config(tmp_path / "b.json", {"auths": {"lan": {"auth": AUTH}, "wan": {"auth": AUTH}}}),
    ]
    source = DockerCredentials(files)
    assert await source.find("lan") == Credential("you", "x")
    assert await source.find("wan") == ME


async def test_an_identity_token_is_read(tmp_path: Path) -> None:
    entry = {"auth": base64.b64encode(b"00000000:").decode(), "identitytoken": "refresh"}
    file = config(tmp_path / "config.json", {"auths": {"lan": entry}})
    found = await DockerCredentials([file]).find("lan")
    assert found is not None
    assert found.identity_token == "refresh"


async def test_docker_s_other_keys_mean_nothing_here(tmp_path: Path) -> None:
    document = {"auths": {"lan": {}}, "HttpHeaders": {"a": "b"}, "detachKeys": "ctrl-e", "plugins": {"x": {}}}
    assert await DockerCredentials([config(tmp_path / "config.json", document)]).find("lan") is None


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        '{"auths":[]}',
        '{"auths":{"lan":{"auth":"!!"}}}',
        '{"auths":{"lan":{"auth":"c2VjcmV0"}}}',
        '{"auths":{"lan":{"auth":7}}}',
        '{"auths":{},"auths":{}}',
        '{"credHelpers":{"lan":7}}',
        "x" * (2 << 20),
    ],
)
async def test_a_file_that_is_wrong_is_named_and_nothing_of_it_shown(tmp_path: Path, document: str) -> None:
    file = config(tmp_path / "config.json", document)
    with pytest.raises(InvalidArgument, match=r"config\.json") as caught:
        await DockerCredentials([file]).find("lan")
    assert "secret" not in caught.value.message
    assert "c2VjcmV0" not in caught.value.message


def test_what_is_kept_is_found_again_and_read_by_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "new" / "credentials.json"
    keep(file, "docker.io", ME)
    keep(file, "lan:5000", Credential("you", "x"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["auths"]["https://index.docker.io/v1/"] == {"auth": AUTH}
    assert CredentialFile.read(file).credential("docker.io") == ME
    assert CredentialFile.read(file).credential("lan:5000") == Credential("you", "x")


def test_what_else_a_file_says_stays(tmp_path: Path) -> None:
    file = config(tmp_path / "credentials.json", {"credHelpers": {"a": "b"}, "psFormat": "x"})
    keep(file, "lan", ME)
    document = json.loads(file.read_text())
    assert document["credHelpers"] == {"a": "b"}
    assert document["psFormat"] == "x"


def test_what_is_forgotten_is_gone_under_all_its_spellings(tmp_path: Path) -> None:
    auths = {"lan": {"auth": AUTH}, "https://lan/v2/": {"auth": AUTH}, "wan": {"auth": AUTH}}
    file = config(tmp_path / "credentials.json", {"auths": auths})
    assert forget(file, "lan")
    assert list(json.loads(file.read_text())["auths"]) == ["wan"]
    assert not forget(file, "lan")


def test_no_secret_is_shown_by_repr(tmp_path: Path) -> None:
    file = config(tmp_path / "config.json", {"auths": {"lan": {"auth": AUTH, "identitytoken": "refresh"}}})
    shown = repr(ME) + repr(CredentialFile.read(file)) + repr(CredentialFile.read(file).credential("lan"))
    assert "se:cret" not in shown
    assert "refresh" not in shown


async def test_a_helper_is_asked_for_its_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(
        tmp_path,
        'test "$1" = get || exit 2\nread server\n'
        'printf \'{"ServerURL":"%s","Username":"me","Secret":"for %s"}\' "$server" "$server"',
        monkeypatch,
    )
    file = config(tmp_path / "config.json", {"credHelpers": {"lan:5000": "test"}})
    source = DockerCredentials([file])
    assert await source.find("lan:5000") == Credential("me", "for lan:5000")
    assert await source.find("wan") is None


async def test_the_helper_of_all_registries_is_asked_and_the_file_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, "echo 'credentials not found in native keychain'; exit 1", monkeypatch)
    file = config(tmp_path / "config.json", {"credsStore": "test", "auths": {"lan": {"auth": AUTH}}})
    assert await DockerCredentials([file]).find("lan") == ME


async def test_an_identity_token_of_a_helper_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, """printf '{"Username":"<token>","Secret":"refresh"}'""", monkeypatch)
    assert await HelperProgram("test").get("lan") == Credential("", "", "refresh")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo locked; exit 1", "fails: locked"),
        ("echo secret", "not what the protocol asks"),
        ("head -c 200000 /dev/zero", "more than"),
    ],
)
async def test_a_helper_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    helper(tmp_path, script, monkeypatch)
    with pytest.raises(Unavailable, match=words) as caught:
        await HelperProgram("test").get("lan")
    assert "secret" not in caught.value.message


async def test_a_helper_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable, match="docker-credential-no-such is not installed"):
        await HelperProgram("no-such").get("lan")


@pytest.mark.parametrize("name", ["../evil", "", "a/b", "a b", "-x"])
def test_a_helper_s_name_is_no_path(name: str) -> None:
    with pytest.raises(InvalidArgument):
        HelperProgram(name)


async def test_a_helper_that_hangs_is_killed_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, f"sleep 60 & echo $! > {tmp_path}/pid; wait", monkeypatch)
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer"):
        await HelperProgram("test", seconds=1).get("lan")
    assert time.monotonic() - begun < 10
    status = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert not status.exists() or " Z " in status.read_text()


async def test_who_cancels_does_not_wait_for_the_helper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, f"touch {tmp_path}/started; exec sleep 60", monkeypatch)
    task = asyncio.create_task(HelperProgram("test").get("lan"))
    async with asyncio.timeout(10):
        while not (tmp_path / "started").exists():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_helper_keeps_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, f'cat > "{tmp_path}/$1"', monkeypatch)
    await HelperProgram("test").store("lan", ME)
    await HelperProgram("test").erase("lan")
    stored = json.loads((tmp_path / "store").read_text())
    assert stored == {"ServerURL": "lan", "Username": "me", "Secret": "se:cret"}
    assert (tmp_path / "erase").read_text() == "lan"
