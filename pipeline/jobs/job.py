"""One request on its way, with its updates so far and its followers."""

import asyncio
import dataclasses
import logging
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.updates import JobUpdate, PictureUpdate, Result, StepUpdate, StoppedUpdate
from .statistics import DRAWN, FAILED, STOPPED

_LOG = logging.getLogger(__name__)
Work = Callable[[], Generator[JobUpdate, None, Any]]


class Job:
    """Work that a queue runs in its thread, and whose updates go to any number of followers.

    `client` names the sender. `party` names all senders who share their turns: those of one address, if it is known.
    The job is cancelled `keep_seconds` after its last follower left. A cancelled job stops at its next update, and
    calls `on_cancel` at once. `on_finish` is called once, when the job has ended in any way.
    """

    def __init__(
        self,
        work: Work,
        client: str,
        keep_seconds: float,
        on_cancel: Callable[["Job"], None],
        address: str = "",
        on_finish: Callable[["Job"], object] = lambda job: None,
    ) -> None:
        self.client = client
        self.party = address or client
        self.turn = 0  # the queue's turn in which the job begins
        self.ahead: int | None = None  # the last place in the queue that followers were told
        self.is_cancelled = False
        self.is_finished = False
        self._work = work
        self._keep_seconds = keep_seconds
        self._on_cancel = on_cancel
        self._on_finish = on_finish
        self._updates: list[JobUpdate] = []
        self._error: SanaError | None = None
        self._followers: list[Callable[[], object]] = []  # a function that wakes each
        self._lock = threading.Lock()

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[JobUpdate]]:
        """Follow the job inside of this context, which gives all its updates from the first to the last.

        The iterator raises SanaError if the job failed. Leaving the context ends the following.
        """
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the follower's event loop is closed
                loop.call_soon_threadsafe(news.set)

        with self._lock:
            self._followers.append(wake)
        try:
            yield self._all_updates(news)
        finally:
            self._leave(wake)

    def run(self) -> None:
        """Do the work in this thread. Errors go to the followers and are never raised here."""
        try:
            with closing(self._work()) as updates:
                while not self.is_cancelled:
                    self.tell(next(updates))
        except StopIteration:
            pass
        except SanaError as error:
            self._error = error
        except Exception:  # noqa: BLE001 - the thread must go on with the next job
            _LOG.exception("A job failed")
            self._error = SanaError(Problem("failed", {}))
        self.finish()

    @property
    def outcome(self) -> str:
        """How the finished job ended: DRAWN, STOPPED or FAILED of `statistics`."""
        if self._is_complete:
            return DRAWN
        return FAILED if self._error else STOPPED

    def tell(self, update: JobUpdate) -> None:
        """Add an update, and wake the followers."""
        with self._lock:
            previous = self._updates[-1] if self._updates else None
            # Drop the previous preview: nobody needs it any more, and a hundred would fill the memory.
            if isinstance(update, StepUpdate) and isinstance(previous, StepUpdate):
                self._updates[-1] = dataclasses.replace(previous, preview=None)
            self._updates.append(update)
            self._wake()

    def finish(self) -> None:
        """End the job. If it was cancelled before its result, add a last update about that."""
        with self._lock:
            if self.is_finished:
                return
            if self.is_cancelled and not self._is_complete:
                self._updates.append(self._stopped())
            self.is_finished = True
            self._wake()
        self._on_finish(self)

    def cancel(self) -> None:
        """Ask the work to end at its next update."""
        self.is_cancelled = True
        self._on_cancel(self)

    async def _all_updates(self, news: asyncio.Event) -> AsyncIterator[JobUpdate]:
        seen = 0
        while True:
            news.clear()
            with self._lock:
                updates, is_finished = self._updates[seen:], self.is_finished
            for update in updates:
                yield update
            seen += len(updates)
            if is_finished:
                break
            await news.wait()
        if self._error:
            raise self._error

    def _leave(self, wake: Callable[[], object]) -> None:
        with self._lock:
            self._followers.remove(wake)
            is_abandoned = not self._followers and not self.is_finished
        if is_abandoned and self._keep_seconds:
            timer = threading.Timer(self._keep_seconds, self._cancel_if_abandoned)
            timer.daemon = True
            timer.start()
        elif is_abandoned:
            self.cancel()

    def _cancel_if_abandoned(self) -> None:
        if not self._followers:
            self.cancel()

    @property
    def _is_complete(self) -> bool:
        return bool(self._updates) and isinstance(self._updates[-1], Result)

    def _stopped(self) -> StoppedUpdate:
        finished = sum(isinstance(update, PictureUpdate) for update in self._updates)
        steps = [update for update in self._updates if isinstance(update, StepUpdate) and update.image > finished]
        return StoppedUpdate(steps[-1] if steps else None, finished)

    def _wake(self) -> None:
        for wake in self._followers:
            wake()
