"""Counts since the start of the program, for whoever watches it."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping

DRAWN, STOPPED, FAILED, REFUSED = "drawn", "stopped", "failed", "refused"


class Statistics:
    """Requests by interface and result, and the seconds spent in each stage of drawing."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def count(self, interface: str, result: str) -> None:
        """Count a request: one of DRAWN, STOPPED, FAILED and REFUSED."""
        with self._lock:
            self._requests[interface, result] += 1

    def spend(self, times: Mapping[str, float]) -> None:
        """Add the `times` of a `Result`."""
        with self._lock:
            for stage, seconds in times.items():
                self._seconds[stage] += seconds

    @property
    def requests(self) -> dict[tuple[str, str], int]:
        with self._lock:
            return dict(self._requests)

    @property
    def seconds(self) -> dict[str, float]:
        with self._lock:
            return dict(self._seconds)
