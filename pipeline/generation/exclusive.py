"""One generation at a time in a process, whatever the number of pipelines: two would only share the same cores."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..domain.errors import BusyError

_LOCK = threading.Lock()
_holder: int | None = None  # the thread whose generation it is


@contextmanager
def exclusive_generation() -> Iterator[None]:
    """Wait for the generation of another thread, if there is one, and hold the place meanwhile.

    Raises:
        BusyError: this thread holds it already, so that it would wait for itself for ever.
    """
    global _holder
    if _holder == threading.get_ident():
        raise BusyError("This thread has begun another generation: exhaust or close that generator first.")
    with _LOCK:
        _holder = threading.get_ident()
        try:
            yield
        finally:
            _holder = None
