"""The sessions of Gradio's login form, as the guard in front of it sees them."""

import secrets
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import cookie_parser


class GradioSessions:
    """Which cookies Gradio has given out, and one of the guard's own.

    Gradio asks for a session of its own where `--auth` is given. Whoever has sent name and password with the request
    gets the guard's.
    """

    def __init__(self) -> None:
        self._app: Any = None
        self._own = secrets.token_urlsafe(16)

    def attach(self, apps: Sequence[Any]) -> None:
        """Take the mounted Gradio apps, and let them share the sessions that the first one holds."""
        self._app = apps[0]
        for app in apps:
            app.tokens, app.cookie_id = self._app.tokens, self._app.cookie_id

    def is_open(self, headers: Headers) -> bool:
        """Return whether a request comes from a browser or client that has logged in."""
        if self._app is None or "cookie" not in headers:
            return False
        cookies = cookie_parser(headers["cookie"])
        names = (f"access-token-{self._app.cookie_id}", f"access-token-unsecure-{self._app.cookie_id}")
        return any(cookies.get(name) in self._app.tokens for name in names)

    def cookie(self) -> bytes:
        """Return the cookie of the guard's own session."""
        self._app.tokens[self._own] = "guard"  # again each time: a logout ends the sessions of its name
        return f"access-token-{self._app.cookie_id}={self._own}".encode()
