"""One request on its way, with its updates so far and its followers."""

import dataclasses
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, closing
from typing import Any

from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.updates import (
    JobUpdate,
    PictureUpdate,
    PreparationUpdate,
    QueueUpdate,
    Result,
    StepUpdate,
    StillAtWork,
    StoppedUpdate,
)
from .follower import Follower
from .statistics import DRAWN, FAILED, STOPPED

_LOG = logging.getLogger(__name__)
Work = Callable[[], Generator[JobUpdate | StillAtWork, None, Any]]


class Job:
    """Work that a queue runs in its thread, and whose updates go to any number of followers.

    `client` names the sender. `party` names all senders who share their turns: those of one address, if it is known.
    `lane` names what the job needs for itself: jobs of different lanes do not wait for each other. `seconds` is what
    the work will take, None if unknown.
    A job without followers is cancelled at once, unless it `is_kept`: then `on_leave` is called, with the job.
    A cancelled job stops at its next update, and calls `on_cancel` at once. `on_finish` is called once, when the job
    has ended in any way.

    `left_at` is the time at which the last follower left, None while there is one. `worked_since` is the time at which
    the wait for others and for the model ended, `told_at` that of the last update. Times are of `time.monotonic`.
    """

    def __init__(
        self,
        work: Work,
        client: str,
        on_cancel: Callable[["Job"], None],
        on_leave: Callable[["Job"], None],
        address: str = "",
        on_finish: Callable[["Job"], object] = lambda job: None,
        is_kept: bool = False,
        lane: str = "",
        seconds: float | None = None,
    ) -> None:
        self.client = client
        self.party = address or client
        self.lane = lane
        self.seconds = seconds
        self.is_kept = is_kept
        self.left_at: float | None = None
        self.worked_since = self.told_at = time.monotonic()
        self.is_seen = False  # True once a follower has got all updates
        self.turn = 0  # the queue's turn in which the job begins
        self.ahead: int | None = None  # the last place in the queue that followers were told
        self.is_cancelled = False
        self.is_finished = False
        self._work = work
        self._on_cancel = on_cancel
        self._on_leave = on_leave
        self._on_finish = on_finish
        self._updates: list[JobUpdate] = []
        self._error: SanaError | None = None
        self._followers: list[Follower] = []
        self._lock = threading.Lock()

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[Follower]:
        """Follow the job inside of this context, which gives an iterator over all its updates.

        The iterator raises SanaError if the job failed. Leaving the context ends the following.
        """
        follower = Follower(self._read, self._end)
        with self._lock:
            self._followers.append(follower)
            self.left_at = None
        try:
            yield follower
        finally:
            self._leave(follower)

    def run(self) -> None:
        """Do the work in this thread. Errors go to the followers and are never raised here."""
        self.worked_since = time.monotonic()
        try:
            with closing(self._work()) as updates:
                while not self.is_cancelled:
                    update = next(updates)
                    if not isinstance(update, StillAtWork):
                        self.tell(update)
        except StopIteration:
            pass
        except SanaError as error:
            self._error = error
        except Exception:  # noqa: BLE001 - the thread must go on with the next job
            _LOG.exception("A job failed")
            self._error = SanaError(Problem("failed", {}))
        self.finish()

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the running work will still take; None if unknown."""
        return None if self.seconds is None else max(0.0, self.seconds - (time.monotonic() - self.worked_since))

    @property
    def outcome(self) -> str:
        """How the finished job ended: DRAWN, STOPPED or FAILED of `statistics`."""
        if self._is_complete:
            return DRAWN
        return FAILED if self._error else STOPPED

    @property
    def pictures(self) -> list[PictureUpdate]:
        """The finished pictures so far."""
        with self._lock:
            return [update for update in self._updates if isinstance(update, PictureUpdate)]

    def tell(self, update: JobUpdate) -> None:
        """Add an update, and wake the followers."""
        with self._lock:
            previous = self._updates[-1] if self._updates else None
            # Drop the previous preview: nobody needs it any more, and a hundred would fill the memory.
            if isinstance(update, StepUpdate) and isinstance(previous, StepUpdate):
                self._updates[-1] = dataclasses.replace(previous, preview=None)
            self._updates.append(update)
            self.told_at = time.monotonic()
            # After a picture, it is the next model of a grid that is loaded.
            if isinstance(update, QueueUpdate | PreparationUpdate) and not any(
                isinstance(each, PictureUpdate) for each in self._updates
            ):
                self.worked_since = self.told_at
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

    def _read(self, place: int) -> tuple[list[JobUpdate], bool]:
        with self._lock:
            return self._updates[place:], self.is_finished

    def _end(self) -> None:
        self.is_seen = True
        if self._error:
            raise self._error

    def _leave(self, follower: Follower) -> None:
        with self._lock:
            self._followers.remove(follower)
            is_abandoned = not self._followers and not self.is_finished
            if is_abandoned:
                self.left_at = time.monotonic()
        if is_abandoned and self.is_kept:
            self._on_leave(self)
        elif is_abandoned:
            self.cancel()

    @property
    def _is_complete(self) -> bool:
        return bool(self._updates) and isinstance(self._updates[-1], Result)

    def _stopped(self) -> StoppedUpdate:
        finished = sum(isinstance(update, PictureUpdate) for update in self._updates)
        steps = [update for update in self._updates if isinstance(update, StepUpdate) and update.image > finished]
        return StoppedUpdate(steps[-1] if steps else None, finished)

    def _wake(self) -> None:
        for follower in self._followers:
            follower.wake()
