"""Requests of the page, found again by who holds their token after a reload or a lost connection."""

import threading
import time
from collections.abc import Iterable

from ..domain.limits import KEEP_SECONDS, MAX_KEPT_BYTES, MAX_SEEN
from .job import Job
from .submitted_request import SubmittedRequest


class KeptRequests:
    """Requests by token. Finished ones stay for KEEP_SECONDS, within the limits on their number and bytes."""

    def __init__(self) -> None:
        self._requests: dict[str, SubmittedRequest] = {}  # the latest last
        self._lock = threading.Lock()

    def add(self, token: str, request: SubmittedRequest) -> None:
        with self._lock:
            self._requests[token] = request
            self._forget()

    def find(self, token: str) -> SubmittedRequest | None:
        """Return the request of a token; None if there is none, or no longer."""
        with self._lock:
            self._forget()
            return self._requests.get(token)

    def _forget(self) -> None:
        finished = [(token, each.job) for token, each in self._requests.items() if each.job.is_finished]
        latest = list(reversed(finished))
        late = time.monotonic() - KEEP_SECONDS
        old = [token for token, job in finished if job.told_at < late]
        seen = [token for token, job in latest if job.is_seen][MAX_SEEN:]
        for token in {*old, *seen, *_beyond(MAX_KEPT_BYTES, latest)}:
            del self._requests[token]


def _beyond(limit: int, jobs: Iterable[tuple[str, Job]]) -> list[str]:
    """Return the tokens of jobs whose pictures are beyond the limit in bytes. The first one is never."""
    total, beyond = 0, []
    for place, (token, job) in enumerate(jobs):
        total += sum(update.picture.width * update.picture.height * 3 for update in job.pictures)
        if place and total > limit:
            beyond.append(token)
    return beyond
