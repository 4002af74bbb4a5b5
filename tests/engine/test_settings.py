"""Settings: read once, and what is wrong is named by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidArgument
from engine.settings import Settings, load_lenient, load_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lamina" / "settings.toml"
    path.parent.mkdir()
    monkeypatch.setenv("LAMINA_CONFIG", str(path.parent))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return path


def load(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "store")


def test_without_a_file_the_defaults_hold(file: Path, tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.mirrors == {}
    assert found.insecure_registries == ()
    assert found.credential_files == (file.parent / "credentials.json", tmp_path / "docker" / "config.json")
    assert found.certificate_directories == (file.parent / "certs.d", Path("/etc/docker/certs.d"))


def test_all_keys_are_read(file: Path, tmp_path: Path) -> None:
    file.write_text(
        'insecure-registries = ["lan:5000", "[fd00::1]:5000"]\n'
        "parallel-downloads = 2\n"
        '[mirrors]\n"docker.io" = ["mirror.lan:5000", "mirror.example.com"]\n'
        '[token-servers]\n"registry.example.com" = ["sso.example.com"]\n'
    )
    found = load(tmp_path)
    assert found.insecure_registries == ("lan:5000", "[fd00::1]:5000")
    assert found.parallel_downloads == 2
    assert found.mirrors == {"docker.io": ("mirror.lan:5000", "mirror.example.com")}
    assert found.token_servers == {"registry.example.com": ("sso.example.com",)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mirors = {}", "no setting 'mirors'"),
        ("mirrors = []", "mirrors must be a table"),
        ('mirrors = {"docker.io" = "m"}', 'mirrors."docker.io" must be a list'),
        ('mirrors = {"docker.io" = ["https://m"]}', "'https://m' is not a host"),
        ('mirrors = {"docker.io/x" = ["m"]}', "'docker.io/x' is not a host"),
        ('insecure-registries = ["a b"]', "insecure-registries: 'a b' is not a host"),
        ("insecure-registries = [7]", "insecure-registries: 7 is not a host"),
        ('insecure-registries = "lan"', "insecure-registries must be a list"),
        ("parallel-downloads = 0", "parallel-downloads must be"),
        ("parallel-downloads = true", "parallel-downloads must be"),
        ("[", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(file: Path, tmp_path: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidArgument) as caught:
        load(tmp_path)
    assert words in caught.value.message
    assert str(file) in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parallel-downloads = 4\n[screen\n", "line 2"),
        ("parallel-downloads = 4\n\nparalel = 1\n", "there is no setting 'paralel' (line 3)"),
        ("# 64 at most\nparallel-downloads = 400\n", "whole number from 1 to 64 (line 2)"),
    ],
)
def test_a_file_that_cannot_be_used_is_passed_over_and_its_line_named(
    file: Path, tmp_path: Path, text: str, said: str
) -> None:
    file.write_text(text)
    found = load_lenient(tmp_path / "store")
    assert found.parallel_downloads == 4
    assert said in found.faults[0]
