"""Lets in who has the key or the password, and slows down who guesses at them."""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..domain.limits import FREE_LOGINS
from .addresses import parse_address
from .credentials import Credentials
from .gradio_sessions import GradioSessions
from .refusals import refusal

LOGIN_ROUTE = "/login"
# What Gradio's login form needs before somebody has logged in. None of it tells of the page or its visitors.
FORM_FILES = ("/assets/", "/static/", "/svelte/")
FORM_ROUTES = ("/", "/config", "/favicon.ico", "/gradio_api/theme.css", "/logout", "/manifest.json", "/theme.css")
# All chosen: a person who mistypes waits seconds, a program gets two guesses a minute.
MAX_ADDRESSES = 10_000  # the latest are remembered
LONGEST_PAUSE = 30.0  # seconds between two tries of an address that goes on guessing
FORGET_SECONDS = 900.0  # from the end of the last pause until failures are forgotten
LONGEST_WAIT = 5.0  # seconds that an answer is held back; a longer wait is refused at once


class _Guesses:
    """The failures of an address in a row, and the time of its next try."""

    def __init__(self) -> None:
        self.failures = 0
        self.next = 0.0

    def wait(self) -> float:
        """Return the seconds until the next try."""
        now = time.monotonic()
        if now > self.next + FORGET_SECONDS:
            self.failures = 0
        return max(0.0, self.next - now)

    def fail(self, wait: float) -> None:
        """Count a failure of a try that had to wait."""
        self.failures += 1
        if self.failures >= FREE_LOGINS:
            pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - FREE_LOGINS))
            self.next = time.monotonic() + wait + pause

    def forget(self) -> None:
        self.failures, self.next = 0, 0.0


class LoginGuard:
    """The one guard in front of all routes.

    An address may try again only after a pause, which doubles with each failure after the first ones. A header that was
    right before is right at once: another program at the same address may go on guessing.
    """

    def __init__(
        self,
        app: ASGIApp,
        credentials: Credentials = Credentials(),  # noqa: B008 - frozen
        sessions: GradioSessions | None = None,
        open_routes: Collection[str] = (),
    ) -> None:
        """`open_routes` are open to everybody: paths, and beginnings of paths that end with a slash."""
        self._app = app
        self._credentials = credentials
        self._sessions = sessions or GradioSessions()
        self._open = tuple(open_routes)
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()
        self._let_in: OrderedDict[bytes, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        has_form = self._credentials.user is not None or not self._credentials
        if has_form and scope["method"] == "POST" and scope["path"].rstrip("/") == LOGIN_ROUTE:
            await self._log_in(scope, receive, send)
        elif not self._credentials or self._is_open(scope["path"]) or self._sessions.is_open(headers):
            await self._app(scope, receive, send)
        elif "authorization" in headers:
            await self._check(scope, receive, send, headers["authorization"])
        elif self._credentials.key is None and _is_of_form(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await self._ask(scope, "This server asks for a key or a password.")(scope, receive, send)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what Gradio's form or client sends; Gradio checks it."""
        guesses = self._of(scope)
        wait = guesses.wait()
        if wait > LONGEST_WAIT:
            await _too_many(scope, wait)(scope, receive, send)
            return
        # Count a try as a failure until it succeeds, so that simultaneous tries wait one after another.
        guesses.fail(wait)
        await asyncio.sleep(wait)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                guesses.forget()
            await send(message)

        await self._app(scope, receive, answer)

    async def _check(self, scope: Scope, receive: Receive, send: Send, authorization: str) -> None:
        pair = hashlib.sha256(f"{_address(scope)} {authorization}".encode()).digest()
        if pair not in self._let_in:
            guesses = self._of(scope)
            wait = guesses.wait()
            if wait > LONGEST_WAIT:
                await _too_many(scope, wait)(scope, receive, send)
                return
            is_right = self._credentials.admits(authorization)
            if not is_right:
                guesses.fail(wait)
            await asyncio.sleep(wait)
            if not is_right:
                await self._ask(scope, "The key or the password is wrong.")(scope, receive, send)
                return
            guesses.forget()
            _remember(self._let_in, pair, None)
        if self._credentials.user is not None:
            others = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
            scope = {**scope, "headers": [*others, (b"cookie", self._sessions.cookie())]}
        await self._app(scope, receive, send)

    def _ask(self, scope: Scope, sentence: str) -> ASGIApp:
        """Return the answer 401. A browser asks for a password, unless the page has a form for that."""
        has_form = self._credentials.key is None and scope["path"].startswith("/gradio_api/")
        asking = {} if has_form else {"WWW-Authenticate": 'Basic realm="Sana", charset="UTF-8"'}
        return refusal(scope, 401, sentence, asking)

    def _is_open(self, path: str) -> bool:
        return any(path == route or (route.endswith("/") and path.startswith(route)) for route in self._open)

    def _of(self, scope: Scope) -> _Guesses:
        key = _address(scope)
        guesses = self._guesses.get(key) or _Guesses()
        _remember(self._guesses, key, guesses)
        return guesses


def _is_of_form(path: str) -> bool:
    return path.startswith(FORM_FILES) or (path.rstrip("/") or "/") in FORM_ROUTES


def _too_many(scope: Scope, wait: float) -> ASGIApp:
    seconds = math.ceil(wait)
    sentence = f"Too many wrong names or passwords: try again in {seconds} seconds."
    return refusal(scope, 429, sentence, {"Retry-After": str(seconds)})


def _address(scope: Scope) -> str:
    host = scope["client"][0] if scope.get("client") else ""
    address = parse_address(host)
    # An owner of one IPv6 address has a /64 network of them: keep the first four groups.
    return str(address) if address is None or address.version == 4 else address.exploded[:19]


def _remember(memory: OrderedDict[Any, Any], key: object, value: object) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > MAX_ADDRESSES:
        memory.popitem(last=False)
