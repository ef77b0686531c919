"""As many connections as there are descriptors for: who asks nothing makes room for who does."""

import asyncio
import logging
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from ..domain.limits import MAX_CONNECTIONS, REQUEST_SECONDS
from .addresses import BACKLOG

DESCRIPTORS = 8192  # wanted for the process; systems give 256 to 1024 to who does not ask
RESERVE = BACKLOG + 128  # descriptors that are no counted connections: just accepted, files, libraries
QUIET_SECONDS = 60.0


def raise_descriptor_limit() -> int:
    """Let this process open as many files as it may and needs; return how many connections that is enough for."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):  # macOS has a lower limit than it says
            pass
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(MAX_CONNECTIONS, soft - RESERVE))


class LimitedProtocol(H11Protocol):
    """A connection of which there are at most `max_connections`, and whose request has to come within some time."""

    max_connections = MAX_CONNECTIONS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._idle_since = self.loop.time()
        self._request_timer: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > self.max_connections:
            idle = [each for each in self.connections if isinstance(each, LimitedProtocol) and not each.is_busy]
            min(idle, key=lambda each: each._idle_since).close()  # this one, if all others are busy

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.is_busy:
            self._stop_timer()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.is_busy:
            self._idle_since = self.loop.time()
            self._await_request()

    def close(self) -> None:
        """Close the connection, which is not busy."""
        self.connections.discard(self)  # does not count any more, though its end is told later
        self.transport.abort()

    def _await_request(self) -> None:
        self._stop_timer()
        self._request_timer = self.loop.call_later(REQUEST_SECONDS, self.close)

    def _stop_timer(self) -> None:
        if self._request_timer:
            self._request_timer.cancel()
            self._request_timer = None


class OnceAMinute(logging.Filter):
    """Lets a message through once in a while: visitors can cause some thousands of times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        key, now = f"{record.msg} {type(error).__name__}", time.monotonic()
        if now - self._last.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[key] = now
        return True
