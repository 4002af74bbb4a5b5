"""The workstation in a browser: textual-serve behind a guard, on loopback alone."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from engine.errors import Conflict
from tui.web.guard import Guard

LOOPBACK = "127.0.0.1"
_HERE = Path(__file__).parent
_MOST = 8  # workstations at a time, each a process
_PATIENCE = 5.0  # seconds until a workstation whose page is closed must have ended


class Workstation(AppService):
    """The process of one page."""

    async def stop(self) -> None:
        """Have it end, and wait for that: the page is closed."""
        process = self._process
        if process is None:
            return
        killing = asyncio.get_running_loop().call_later(_PATIENCE, _kill, process)
        try:
            await super().stop()
            await process.communicate()
        finally:
            killing.cancel()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


class WebServer(Server):
    """Serves one workstation for each page that is open.

    :param words: of the command that opens a workstation.
    """

    def __init__(self, words: list[str], port: int, guard: Guard) -> None:
        super().__init__(
            f"exec {shlex.join(words)}",
            LOOPBACK,
            port,
            "Lamina",
            f"http://{LOOPBACK}:{port}",
            templates_path=_HERE,
        )
        self.guard = guard
        self._shown: set[asyncio.Task[object]] = set()

    async def application(self) -> web.Application:
        """What answers requests, behind the guard."""
        app = web.Application(middlewares=[self.guard.middleware])
        app.on_cleanup.append(self._await_end)
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(_HERE), autoescape=True)
        app.add_routes(
            [
                web.get("/", self.handle_index, name="index"),
                web.get("/ws", self.handle_websocket, name="websocket"),
                web.get("/download/{key}", self.handle_download, name="download"),
                web.get("/own/page.css", self._css),
                web.static("/static", self.statics_path, name="static"),
            ]
        )
        return app

    @aiohttp_jinja2.template("index.html")
    async def handle_index(self, request: web.Request) -> dict[str, object]:
        """The page; its addresses are those of the host that it was asked of."""
        size = request.query.get("fontsize", "")
        return {
            "font_size": int(size) if size.isascii() and size.isdigit() and len(size) < 3 else 16,
            "app_websocket_url": f"ws://{request.host}/ws",
            "config": {"static": {"url": "/static/"}},
        }

    async def _css(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(_HERE / "page.css")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One page that is open."""
        if len(self._shown) >= _MOST:
            raise web.HTTPServiceUnavailable(text=f"{_MOST} pages are open; close one.\n")
        task = asyncio.current_task()
        assert task is not None
        self._shown.add(task)
        try:
            return await self._show(request)
        finally:
            self._shown.discard(task)

    async def _await_end(self, _: web.Application) -> None:
        """Wait for workstations whose page is gone already: aiohttp forgets a task with its connection."""
        await asyncio.gather(*self._shown, return_exceptions=True)

    async def _show(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(heartbeat=15)
        await websocket.prepare(request)

        async def close() -> None:
            await websocket.close()

        workstation = Workstation(
            self.command,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=close,
            download_manager=self.download_manager,
        )
        size = request.query
        try:
            await workstation.start(to_int(size.get("width", ""), 80), to_int(size.get("height", ""), 24))
            await self._process_messages(websocket, workstation)
        except ConnectionError:
            pass  # the page went away with something on the way to it
        finally:
            await workstation.stop()
            await close()
        return websocket


def listen(port: int) -> socket.socket:
    """A socket on loopback.

    :param port: 0 for any that is free.
    :raises Conflict: somebody listens there.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(16)
    except OSError as error:
        listener.close()
        hint = "name another with --port, or 0 for any that is free"
        raise Conflict(f"port {port} of {LOOPBACK} cannot be had: {error.strerror}", hint=hint) from error
    return listener


async def serve(listener: socket.socket, words: list[str], ready: Callable[[str], None]) -> None:
    """Serve until the program is asked to end.

    :param ready: called with the address to open, token and all.
    """
    port = int(listener.getsockname()[1])
    guard = Guard(port)
    application = await WebServer(words, port, guard).application()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=3)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, ended.set)
        ready(f"http://{LOOPBACK}:{port}/?token={guard.token}")
        await ended.wait()
    finally:
        await runner.cleanup()


def workstation_words(root: str, options: list[str]) -> list[str]:
    """The command that opens a workstation over a store; `-P`, so that no module of the directory counts."""
    return [sys.executable, "-P", "-m", "tui.entry", "--root", root, *options]
