"""The delay of guesses at the password, by address."""

import asyncio
import math
import time
from collections import OrderedDict

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..domain.limits import FREE_LOGINS
from .addresses import parse_address
from .refusals import refusal

LOGIN_ROUTE = "/login"
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


class LoginGuard:
    """A layer that makes an address pause between tries. After FREE_LOGINS, the pause doubles with each failure."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") != LOGIN_ROUTE:
            await self._app(scope, receive, send)
            return
        guesses = self._of(scope)
        now = time.monotonic()
        if now > guesses.next + FORGET_SECONDS:
            guesses.failures = 0
        wait = max(0.0, guesses.next - now)
        if wait > LONGEST_WAIT:
            seconds = math.ceil(wait)
            sentence = f"Too many wrong names or passwords: try again in {seconds} seconds."
            await refusal(scope, 429, sentence, {"Retry-After": str(seconds)})(scope, receive, send)
            return
        # Count a try as a failure until it succeeds, so that simultaneous tries wait one after another.
        guesses.failures += 1
        if guesses.failures >= FREE_LOGINS:
            pause = min(LONGEST_PAUSE, 2.0 ** (guesses.failures - FREE_LOGINS))
            guesses.next = now + wait + pause
        await asyncio.sleep(wait)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                guesses.failures, guesses.next = 0, 0.0
            await send(message)

        await self._app(scope, receive, answer)

    def _of(self, scope: Scope) -> _Guesses:
        host = scope["client"][0] if scope.get("client") else ""
        address = parse_address(host)
        # An owner of one IPv6 address has a /64 network of them: keep the first four groups.
        key = str(address) if address is None or address.version == 4 else address.exploded[:19]
        guesses = self._guesses.setdefault(key, _Guesses())
        self._guesses.move_to_end(key)
        if len(self._guesses) > MAX_ADDRESSES:
            self._guesses.popitem(last=False)
        return guesses
