"""Who may speak to the workstation in a browser.

It is root's workstation, and every page that a person has open in a browser can send requests to loopback.
So a request must name this server as its host (a foreign name that leads to loopback is DNS rebinding), come
with the token that only this terminal was told, and a websocket must come from this server's own page
(RFC 6455, 10.2).
"""

from __future__ import annotations

import hmac
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_HEADERS = {
    # Nothing is loaded from elsewhere, and no other page may show this one inside itself.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A refresh by the page itself, and not a redirect: the first request may come from elsewhere, and after a
# redirect it would count as still coming from there, without the cookie.
_ENTER = (
    '<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Lamina</title>'
)
_REFUSED = "Not allowed. Open the address that `lamina web` printed, with its token.\n"


class Guard:
    """Lets in who knows the token, from this server's own page.

    :param port: that the server listens at on loopback.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.cookie = f"lamina-{port}"  # cookies know no ports
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))

    def is_here(self, host: str) -> bool:
        """Whether a Host header names this server."""
        return host.lower() in self._hosts

    def is_own(self, origin: str) -> bool:
        """Whether an Origin header names a page of this server."""
        scheme, _, host = origin.partition("://")
        return scheme == "http" and self.is_here(host)

    def knows(self, token: str) -> bool:
        """Whether it is the token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    @property
    def middleware(self) -> Middleware:
        """All requests go through it."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            response: web.StreamResponse | None = self._refusal(request) or self._entry(request)
            if response is None:
                try:
                    response = await handler(request)
                except web.HTTPException as found:
                    response = found
            if not response.prepared:
                response.headers.update(_HEADERS)
            return response

        return guard

    def _refusal(self, request: web.Request) -> web.Response | None:
        """What is answered to who may not speak; None to who may."""
        if not self.is_here(request.host):
            return web.Response(status=421, text="This is not the server of that name.\n")
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, text="Only looked at.\n")
        origin = request.headers.get("Origin", "")
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        if (origin or is_socket) and not self.is_own(origin):
            return web.Response(status=403, text=_REFUSED)
        given = request.cookies.get(self.cookie, "")
        if not (self.knows(given) or self._is_entry(request)):
            return web.Response(status=403, text=_REFUSED)
        return None

    def _is_entry(self, request: web.Request) -> bool:
        return request.path == "/" and self.knows(request.query.get("token", ""))

    def _entry(self, request: web.Request) -> web.Response | None:
        """The token of the address becomes a cookie, and leaves the address and the history."""
        if not self._is_entry(request):
            return None
        response = web.Response(text=_ENTER, content_type="text/html")
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")
        return response
