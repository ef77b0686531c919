"""The limit of connections: idle ones make room for new ones, as long as there are file descriptors."""

import asyncio
import logging
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from ..domain.limits import MAX_CONNECTIONS, REQUEST_SECONDS
from .addresses import BACKLOG

DESCRIPTORS = 8192  # wanted for the process, chosen; by default systems give 256 (macOS) to 1024 (Linux)
RESERVE = BACKLOG + 128  # descriptors besides counted connections: just accepted ones, and chosen 128 for files
QUIET_SECONDS = 60.0  # between two equal messages in the log; chosen


def raise_descriptor_limit() -> int:
    """Raise this process's limit of open files up to DESCRIPTORS; return the number of connections that it allows."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):  # macOS enforces a lower limit than it reports
            pass
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(MAX_CONNECTIONS, soft - RESERVE))


class LimitedProtocol(H11Protocol):
    """uvicorn's protocol with at most `max_connections`, whose requests must arrive within REQUEST_SECONDS."""

    max_connections = MAX_CONNECTIONS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._idle_since = self.loop.time()
        self._request_timer: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """True while a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > self.max_connections:
            idle = [each for each in self.connections if isinstance(each, LimitedProtocol) and not each.is_busy]
            min(idle, key=lambda each: each._idle_since).close()  # the new one itself if all others are busy

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
        """Close the connection, which must not be busy."""
        self.connections.discard(self)  # free its place at once; `connection_lost` comes later
        self.transport.abort()

    def _await_request(self) -> None:
        self._stop_timer()
        self._request_timer = self.loop.call_later(REQUEST_SECONDS, self.close)

    def _stop_timer(self) -> None:
        if self._request_timer:
            self._request_timer.cancel()
            self._request_timer = None


class OnceAMinute(logging.Filter):
    """A filter that passes equal messages once in QUIET_SECONDS: visitors can cause thousands a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        key, now = f"{record.msg} {type(error).__name__}", time.monotonic()
        if now - self._last.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
            return False
        if len(self._last) > 1000:  # chosen: bounds the memory
            self._last.clear()
        self._last[key] = now
        return True
