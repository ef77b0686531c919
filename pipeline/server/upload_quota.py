"""How many files all visitors together may upload: at once, and within an hour."""

import time
from collections import deque

from ..domain import limits


class Refused(Exception):
    """What is being read is refused, with an HTTP status and a sentence."""


class UploadQuota:
    """A context for each upload, of which some may run at once, and a count of the last hour's bytes."""

    def __init__(self, max_upload: int) -> None:
        """`max_upload` is in bytes."""
        self._running = 0
        self._most = limits.UPLOADED_PER_HOUR * max_upload
        self._counted: deque[tuple[float, int]] = deque()
        self._total = 0

    def __enter__(self) -> None:
        if self._running >= limits.UPLOADS_AT_ONCE:
            raise Refused(503, "Too many files are being uploaded: try again in a moment.")
        self._running += 1

    def __exit__(self, *error: object) -> None:
        self._running -= 1

    def count(self, size: int) -> None:
        """Count bytes that have come; raise Refused if they are too many."""
        now = time.monotonic()
        while self._counted and self._counted[0][0] < now - 3600:
            self._total -= self._counted.popleft()[1]
        if self._total + size > self._most:
            raise Refused(503, "Too much was uploaded within an hour: try again later.")
        if self._counted and self._counted[-1][0] > now - 10:  # one entry for ten seconds
            started, counted = self._counted.pop()
            self._counted.append((started, counted + size))
        else:
            self._counted.append((now, size))
        self._total += size
