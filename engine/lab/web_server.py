"""The program of lab/web, as it runs in its container: answers its version over HTTP.

Standard library only; nothing of the engine is there. The port is `PORT`, else 8000.
"""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = Path(__file__).with_name("version.txt").read_text("ascii").strip()


class Handler(BaseHTTPRequestHandler):
    """Answers every path with the version and says on stdout what was asked."""

    server_version = f"lab-web/{VERSION}"
    timeout = 30  # seconds a client may leave a connection idle

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer a HEAD."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """One line a request: client, request line, status."""
        say(f"{self.client_address[0]} {format % args}")

    def _answer(self, with_body: bool) -> None:
        body = f"lab/web version {VERSION}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def say(line: str) -> None:
    """One line of the log, at once; what a client sent stays on its line."""
    text = "".join(char if char.isprintable() else "?" for char in line)
    # Past the buffer: a signal's handler may not write to a buffer that is being written.
    os.write(sys.stdout.fileno(), f"{text}\n".encode())


def leave(number: int, _frame: object) -> None:
    """End at once; as the first process of a container only a handler makes a signal end it."""
    say(f"stopped by {signal.Signals(number).name}")
    os._exit(0)


def main() -> None:
    """Serve until a signal comes."""
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    port = int(os.environ.get("PORT", "8000"))
    server = ThreadingHTTPServer(("", port), Handler)
    server.daemon_threads = True
    say(f"lab/web version {VERSION} listens on port {server.server_address[1]}")
    server.serve_forever()


if __name__ == "__main__":
    main()
