"""A place of tokens for a real docker-registry: with the password all is granted, without it to pull.

Tokens are JWTs signed with RS256 by openssl; the registry is given the certificate.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.support.peers import needs_programs

ISSUER = "Lamina's tests"
SERVICE = "the registry"


@dataclass
class TokenServer:
    """A running server.

    :param asked: the scopes of each request, and whether it came with the password.
    """

    directory: Path
    username: str
    password: str
    port: int = 0
    asked: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    @property
    def auth(self) -> str:
        """The `auth` section of a docker-registry that trusts this server."""
        realm = f"http://127.0.0.1:{self.port}/token"
        return json.dumps({
            "token": {
                "realm": realm, "service": SERVICE, "issuer": ISSUER,
                "rootcertbundle": str(self.directory / "cert.pem"),
            }
        })  # fmt: skip

    async def answer(self, request: web.Request) -> web.Response:
        """A token for the scopes that this user may have."""
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        given = request.headers.get("Authorization", "")
        if given and given != f"Basic {pair}":
            return web.Response(status=401)
        scopes = tuple(request.query.getall("scope", []))
        self.asked.append((scopes, bool(given)))
        return web.json_response({"token": self._token(scopes, bool(given)), "expires_in": 300})

    def _token(self, scopes: tuple[str, ...], trusted: bool) -> str:
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            granted = actions.split(",") if trusted else ["pull"]
            access.append({"type": kind, "name": name, "actions": granted})
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": self.username, "aud": SERVICE, "exp": now + 300, "nbf": now - 10,
            "iat": now, "jti": str(now), "access": access,
        }  # fmt: skip
        der = subprocess.run(
            ["openssl", "x509", "-in", self.directory / "cert.pem", "-outform", "DER"],
            check=True,
            capture_output=True,
        ).stdout
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.directory / "key.pem"],
            input=signed.encode(),
            check=True,
            capture_output=True,
        ).stdout
        return f"{signed}.{_part(signature)}"


@asynccontextmanager
async def token_server(directory: Path, username: str, password: str) -> AsyncGenerator[TokenServer, None]:
    """Serve tokens on a free loopback port until the block ends."""
    needs_programs("openssl")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens".split()
    files = ["-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")]
    subprocess.run([*words, *files], check=True, capture_output=True)
    server = TokenServer(directory, username, password)
    app = web.Application()
    app.router.add_get("/token", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
