"""Requests of a page, found again by who holds their token after a reload or a lost connection."""

import threading
import time
from collections.abc import Iterable

from ..domain.limits import KEEP_SECONDS, MAX_KEPT_BYTES, MAX_SEEN
from .job import Job
from .submitted_request import SubmittedRequest


class KeptRequests:
    """Requests by token, which those of one page share.

    Finished ones stay for KEEP_SECONDS, within the limits on their number and bytes.
    """

    def __init__(self) -> None:
        self._requests: list[tuple[str, SubmittedRequest]] = []  # the latest last
        self._lock = threading.Lock()

    def add(self, token: str, request: SubmittedRequest) -> None:
        with self._lock:
            self._requests.append((token, request))
            self._forget()

    def find(self, token: str) -> list[SubmittedRequest]:
        """Return the requests of a token in the order of their turns; [] if there are none, or no longer."""
        with self._lock:
            self._forget()
            found = [request for own, request in self._requests if own == token]
        return sorted(found, key=lambda request: request.job.turn)

    def find_one(self, token: str, number: int) -> SubmittedRequest | None:
        """Return the request of a token with a number; None if there is none, or no longer."""
        return next((each for each in self.find(token) if each.number == number), None)

    def cancel(self, token: str) -> None:
        """Cancel all requests of a token, those that wait first; a running one stops within a step."""
        for each in reversed(self.find(token)):
            each.job.cancel()

    def _forget(self) -> None:
        jobs = [request.job for _, request in self._requests]
        latest = [job for job in reversed(jobs) if job.is_finished]
        late = time.monotonic() - KEEP_SECONDS
        old = [job for job in latest if job.told_at < late]
        seen = [job for job in latest if job.is_seen][MAX_SEEN:]
        forgotten = {id(job) for job in (*old, *seen, *_beyond(MAX_KEPT_BYTES, latest))}
        self._requests = [each for each in self._requests if id(each[1].job) not in forgotten]


def _beyond(limit: int, jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs whose pictures are beyond the limit in bytes. The first one is never."""
    total, beyond = 0, []
    for place, job in enumerate(jobs):
        total += sum(update.picture.width * update.picture.height * 3 for update in job.pictures)
        if place and total > limit:
            beyond.append(job)
    return beyond
