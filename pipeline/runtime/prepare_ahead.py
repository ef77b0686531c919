"""What models' calls would wait for, done ahead of them in one thread for all: compilations, mostly."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="prepare-ahead")


class PrepareAhead:
    """At most one function that was asked for ahead of a model's call."""

    def __init__(self) -> None:
        self._future: Future[None] | None = None

    def begin(self, prepare: Callable[[], object]) -> None:
        """Let the thread call a function, after those that wait already. Its errors are left to the model's call."""
        self.end()
        self._future = _THREAD.submit(_unless_ending, prepare)

    def end(self) -> None:
        """Wait for the function if it has begun, else see that it does not begin."""
        if self._future and not self._future.cancel():
            wait([self._future])
        self._future = None


def _unless_ending(prepare: Callable[[], object]) -> None:
    if threading.main_thread().is_alive():  # an ending program waits for this thread
        prepare()
