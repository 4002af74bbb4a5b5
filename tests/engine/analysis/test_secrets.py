"""Keys and passwords in layers are found, also where a later layer hides them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.analysis.secrets import Secret, find_secrets
from tests.engine.analysis.lay import lay
from tests.engine.analysis.tables import GONE, What

_KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nAAAA\n"
_SECRETS = {
    "root/.ssh/id_ed25519": _KEY,
    "etc/ssh/ssh_host_rsa_key": _KEY,
    "srv/tls/server.pem": b"-----BEGIN PRIVATE KEY-----\n",
    "srv/tls/server.key": _CERTIFICATE + b"-----BEGIN RSA PRIVATE KEY-----\n",
    "root/.aws/credentials": b"[default]\naws_secret_access_key = abc\n",
    "app/.npmrc": b"//registry.example/:_authToken=abc\n",
    "root/.netrc": b"machine example login me password abc\n",
    "root/.git-credentials": b"https://me:abc@example.com\n",
    "root/.docker/config.json": b'{"auths": {"example": {"auth": "abc"}}}',
    "root/.pypirc": b"[pypi]\nusername = me\npassword = abc\n",
    "root/.pgpass": b"localhost:5432:db:me:abc\n",
    "root/.kube/config": b"users:\n- user:\n    token: abc\n",
    "app/my-service-account.json": b'{"private_key": "abc"}',
    "app/.env": b"DEBUG=1\nexport STRIPE_SECRET_KEY=abc\n",
    "app/.env.production": b"DB_PASSWORD=abc\n",
    "app/store.p12": b"\x30\x82\x0a\x0b",
}
_INNOCENT = {
    "etc/ssl/certs/ca.pem": _CERTIFICATE,
    "app/.npmrc": b"registry=https://example\n_authToken=${NPM_TOKEN}\n",
    "app/.env": b"DEBUG=1\nPORT=80\nTOKEN=\n",
    "root/.docker/config.json": b"{}",
    "usr/share/doc/keyboard.key": b"q w e r t y",
    "root/.netrc": b"# nothing yet\n",
    "app/grid_rsa": _KEY,
    "id_rsa.pub": b"ssh-rsa AAAA",
}


def found(place: Path, *layers: dict[str, What | bytes]) -> tuple[Secret, ...]:
    """The secrets of layers on disk."""
    contents = lay(place, *layers)
    return find_secrets(contents.stack, contents.head)


@pytest.mark.parametrize("path", _SECRETS)
def test_secret_is_found_by_name_and_content(path: str, tmp_path: Path) -> None:
    (secret,) = found(tmp_path, {path: _SECRETS[path]})
    assert (secret.path, secret.position, secret.hidden, secret.read) == (path, 1, False, True)


@pytest.mark.parametrize("path", _INNOCENT)
def test_name_without_a_secret_is_not_told(path: str, tmp_path: Path) -> None:
    assert found(tmp_path, {path: _INNOCENT[path]}) == ()


def test_removed_secret_is_told_as_hidden(tmp_path: Path) -> None:
    (secret,) = found(tmp_path, {"id_rsa": _KEY}, {"id_rsa": GONE})
    assert (secret.position, secret.hidden) == (1, True)


def test_secret_replaced_by_something_harmless_is_told(tmp_path: Path) -> None:
    (secret,) = found(tmp_path, {"app/.env": b"API_KEY=abc"}, {"app/.env": b"DEBUG=1"})
    assert secret.hidden


def test_removed_secret_with_another_name_is_not_hidden(tmp_path: Path) -> None:
    layer: dict[str, What | bytes] = {"id_rsa": _KEY, "other": What(same_as="id_rsa")}
    assert [secret.hidden for secret in found(tmp_path, layer, {"id_rsa": GONE})] == [False]


def test_without_content_the_name_of_a_key_is_enough_and_of_a_certificate_is_not(tmp_path: Path) -> None:
    contents = lay(tmp_path, {"id_rsa": _KEY, "server.pem": _KEY})
    assert [(secret.path, secret.read) for secret in find_secrets(contents.stack)] == [("id_rsa", False)]


@pytest.mark.parametrize("filler", [b"\n", b" ", b"a", b"token", b"a:", b"\t=", b"password "])
def test_no_content_makes_a_pattern_run_long(filler: bytes, tmp_path: Path) -> None:
    long = filler * (16384 // len(filler))
    names = [*_SECRETS]
    found(tmp_path, dict.fromkeys(names, long))  # the test's own time limit is the measure
