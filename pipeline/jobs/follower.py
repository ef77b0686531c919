"""One who follows a job, in an event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from ..domain.updates import JobUpdate


class Follower:
    """An asynchronous iterator over all updates of a job, from the first to the last. Make it in an event loop.

    `read` returns the updates from a place on, and whether the job has ended. `on_end` is called when all are given,
    and may raise the job's error.
    """

    def __init__(self, read: Callable[[int], tuple[list[JobUpdate], bool]], on_end: Callable[[], None]) -> None:
        self._read = read
        self._on_end = on_end
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        self._has_left = False

    async def __aiter__(self) -> AsyncIterator[JobUpdate]:
        seen = 0
        while not self._has_left:
            self._news.clear()
            updates, is_finished = self._read(seen)
            for update in updates:
                yield update
            seen += len(updates)
            if is_finished:
                self._on_end()
                return
            await self._news.wait()

    def wake(self) -> None:
        """Tell that there are updates. Call this in any thread."""
        with suppress(RuntimeError):  # the event loop is closed
            self._loop.call_soon_threadsafe(self._news.set)

    def leave(self) -> None:
        """End the iteration before the next update. Call this in the event loop."""
        self._has_left = True
        self._news.set()
