"""Who is let in to the workstation in a browser, and who is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from engine.errors import Conflict
from tests.support.waiting import eventually
from tui.web.guard import Guard
from tui.web.server import LOOPBACK, WebServer, listen, workstation_words


class Served:
    """A server whose workstation is a program that only says that it began."""

    def __init__(self, server: WebServer, port: int, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.address = f"http://{LOOPBACK}:{port}"
        self.port = port
        self.guard = server.guard
        self.session = session

    @property
    def known(self) -> dict[str, str]:
        """What a page sends that was let in."""
        return {"Cookie": f"{self.guard.cookie}={self.guard.token}"}

    async def status(self, path: str, **headers: str) -> int:
        """How a request is answered."""
        async with self.session.get(self.address + path, headers=headers) as response:
            return response.status


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    with listen(0) as listener:
        port = listener.getsockname()[1]
        server = WebServer(["true"], port, Guard(port))
        runner = web.AppRunner(await server.application())
        await runner.setup()
        await web.SockSite(runner, listener).start()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Served(server, port, session)
        await runner.cleanup()


async def test_the_token_lets_in_and_leaves_the_address(served: Served) -> None:
    path = f"/?token={served.guard.token}"
    async with served.session.get(served.address + path, allow_redirects=False) as response:
        text = await response.text()
        assert response.status == 200
        assert "url=/" in text
        assert served.guard.token not in text
        cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
    assert await served.status("/", **served.known) == 200
    assert await served.status("/static/js/textual.js", **served.known) == 200


_PATHS = ("/", "/?token=", "/?token=x", "/ws", "/static/js/textual.js", "/own/page.css", "/no")
_HOSTS = ("evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}")
_ORIGINS = ("", "null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1")


@pytest.mark.parametrize("path", _PATHS)
async def test_without_the_token_nothing_is_told(served: Served, path: str) -> None:
    assert await served.status(path) == 403
    assert await served.status(path, Cookie=f"{served.guard.cookie}=wrong") == 403


@pytest.mark.parametrize("host", _HOSTS)
async def test_a_foreign_name_that_leads_here_is_refused(served: Served, host: str) -> None:
    headers = {**served.known, "Host": host.format(port=served.port)}
    assert await served.status("/", **headers) == 421


@pytest.mark.parametrize("origin", _ORIGINS)
async def test_a_websocket_of_another_page_is_refused(served: Served, origin: str) -> None:
    headers = {**served.known, "Origin": origin.format(port=served.port)}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await served.session.ws_connect(served.address + "/ws", headers=headers)
    assert refused.value.status == 403


async def test_a_websocket_needs_the_cookie_too(served: Served) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await served.session.ws_connect(served.address + "/ws", headers={"Origin": served.address})


async def test_an_own_page_gets_its_websocket(served: Served) -> None:
    headers = {**served.known, "Origin": served.address}
    async with served.session.ws_connect(served.address + "/ws", headers=headers) as socket:
        assert not socket.closed


async def test_a_workstation_that_does_not_end_with_its_page_is_killed(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tui.web.server._PATIENCE", 0.1)
    said = tmp_path / "pid"
    served.server.command = f"echo $$ >{said}; exec sleep 1000"
    headers = {**served.known, "Origin": served.address}
    async with served.session.ws_connect(served.address + "/ws", headers=headers):
        assert await asyncio.to_thread(eventually, lambda: said.exists() and said.read_text())
    process = Path("/proc", said.read_text().strip())
    assert await asyncio.to_thread(eventually, lambda: not process.exists())


async def test_nothing_is_loaded_from_elsewhere(served: Served) -> None:
    async with served.session.get(served.address, headers=served.known) as response:
        text = await response.text()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "https://" not in text
        assert f"ws://{LOOPBACK}:{served.port}/ws" in text


async def test_only_looking_requests_are_answered(served: Served) -> None:
    async with served.session.post(served.address, headers=served.known) as response:
        assert response.status == 405


def test_it_listens_on_loopback_alone_and_a_taken_port_is_named() -> None:
    with listen(0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        with pytest.raises(Conflict, match=f"port {port}"):
            listen(port)


def test_a_store_with_odd_letters_stays_one_word() -> None:
    import shlex

    root = "/tmp/a b; $(reboot)"
    words = workstation_words(root, ["--read-only"])
    assert shlex.split(shlex.join(words))[-3:] == ["--root", root, "--read-only"][-3:]
    assert root in shlex.split(shlex.join(words))
