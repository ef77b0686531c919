"""The refusal of requests for another server's name, and of requests from other sites' pages."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .allowed_hosts import AllowedHosts
from .refusals import refusal

_DROPPED = (b"x-gradio-server",)  # Gradio makes links of this header, meant only for its own renderer


class HostGuard:
    """The outermost layer. It reads no body of a refused request."""

    def __init__(self, app: ASGIApp, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if sentence := self._problem(scope):
            await refusal(scope, 403, sentence)(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name not in _DROPPED]
        await self._app({**scope, "headers": headers}, receive, send)

    def _problem(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        names = [headers.get(name, "").partition(",")[0] for name in ("host", "x-forwarded-host") if name in headers]
        for name in names or [""]:
            if not self._hosts.allows(name):
                return f"This server is not called {name[:80]!r}: its owner can allow the name with --allow-host."
        origin = _asking_origin(headers)
        if origin is not None and not self._hosts.allows_origin(origin, names[-1]):  # the name in the browser
            return "Pages of other sites may not ask this server: its owner can allow one with --allow-origin."
        return None


def _asking_origin(headers: Headers) -> str | None:
    """Return the origin of the page that sent a request; None for the server's own pages, for links and programs."""
    if "origin" in headers:
        return headers["origin"]
    # Requests for pictures and scripts carry no Origin. The browser marks those of other sites in Sec-Fetch-Site.
    is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if not is_foreign or headers.get("sec-fetch-mode") == "navigate":
        return None
    page = urlsplit(headers.get("referer", ""))
    return f"{page.scheme}://{page.netloc}"
