"""Registries in the net are spoken to over TLS, and what is wrong with it is told at once."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from engine.errors import InvalidArgument, Unavailable
from engine.oci import Reference
from engine.registry import RegistryClient
from engine.settings import Settings
from tests.engine.registry.peers import HASTY, MANIFEST, manifest_response
from tests.support.peers import needs_programs


@pytest.fixture
def name() -> str:
    """A name of this machine that does not say it is loopback."""
    found = socket.gethostname().lower()
    try:
        address = socket.gethostbyname(found)
    except OSError:
        address = ""
    if not address.startswith("127.") or found == "localhost":
        pytest.skip("the host's name does not resolve to a loopback address")
    return found


@pytest.fixture
def certificate(tmp_path: Path, name: str) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    needs_programs("openssl")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        f" -subj /CN={name} -addext subjectAltName=DNS:{name}"
    )
    subprocess.run([*words.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context


@asynccontextmanager
async def listening(context: ssl.SSLContext | None) -> AsyncGenerator[int, None]:
    async def handler(_: web.Request) -> web.Response:
        return manifest_response()

    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def client(*insecure: str) -> RegistryClient:
    here = Path("/nonexistent")
    return RegistryClient(Settings(root=here, run=here, insecure_registries=insecure), retry=HASTY)


async def test_a_registry_without_tls_is_told_with_the_setting_that_allows_it(name: str) -> None:
    async with listening(None) as port, client() as registry:
        with pytest.raises(Unavailable, match="over TLS: wrong version number") as caught:
            await registry.resolve(Reference.parse(f"{name}:{port}/a"))
    assert f'"{name}:{port}" to insecure-registries' in caught.value.hint


async def test_a_registry_named_insecure_is_spoken_to_in_plain(name: str) -> None:
    async with listening(None) as port, client(f"{name}:{port}") as registry:
        assert (await registry.resolve(Reference.parse(f"{name}:{port}/a")))[1] == MANIFEST


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    name: str, certificate: ssl.SSLContext
) -> None:
    async with listening(certificate) as port, client() as registry:
        with pytest.raises(Unavailable, match=r"certificate of .* is not trusted: self-signed certificate"):
            await registry.resolve(Reference.parse(f"{name}:{port}/a"))


def trusting(directory: Path) -> RegistryClient:
    here = Path("/nonexistent")
    return RegistryClient(Settings(here, here, certificate_directories=(here, directory)), retry=HASTY)


async def test_an_authority_of_this_registry_is_trusted(
    name: str, certificate: ssl.SSLContext, tmp_path: Path
) -> None:
    async with listening(certificate) as port, trusting(tmp_path / "certs.d") as registry:
        directory = tmp_path / "certs.d" / f"{name}:{port}"
        directory.mkdir(parents=True)
        (directory / "ca.crt").write_bytes((tmp_path / "cert.pem").read_bytes())
        assert (await registry.resolve(Reference.parse(f"{name}:{port}/a")))[1] == MANIFEST


async def test_an_authority_of_another_registry_is_not(
    name: str, certificate: ssl.SSLContext, tmp_path: Path
) -> None:
    async with listening(certificate) as port, trusting(tmp_path / "certs.d") as registry:
        directory = tmp_path / "certs.d" / f"{name}:{port + 1}"
        directory.mkdir(parents=True)
        (directory / "ca.crt").write_bytes((tmp_path / "cert.pem").read_bytes())
        with pytest.raises(Unavailable, match="is not trusted"):
            await registry.resolve(Reference.parse(f"{name}:{port}/a"))


async def test_a_certificate_that_cannot_be_read_is_named(
    name: str, certificate: ssl.SSLContext, tmp_path: Path
) -> None:
    async with listening(certificate) as port, trusting(tmp_path / "certs.d") as registry:
        directory = tmp_path / "certs.d" / f"{name}:{port}"
        directory.mkdir(parents=True)
        (directory / "ca.crt").write_text("nonsense")
        with pytest.raises(InvalidArgument, match=r"ca\.crt cannot be used"):
            await registry.resolve(Reference.parse(f"{name}:{port}/a"))
