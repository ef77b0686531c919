"""One generation at a time in a process, whatever the number of pipelines: two would only share the same cores."""

import threading
from collections.abc import Generator
from typing import TypeVar

from ..domain.errors import BusyError

Item = TypeVar("Item")

_LOCK = threading.Lock()
_holder: threading.Thread | None = None  # who began the generation, or went on with it last


def exclusively(generation: Generator[Item, None, None]) -> Generator[Item, None, None]:
    """Yield what a generation does; wait for that of another thread before, if there is one.

    Raises:
        BusyError: this thread is the one that drives the other, so that it would wait for itself for ever.
    """
    global _holder
    if _holder is threading.current_thread():
        generation.close()
        raise BusyError("This thread has begun another generation: exhaust or close that generator first.")
    with _LOCK:
        try:
            _holder = threading.current_thread()
            for item in generation:
                yield item
                _holder = threading.current_thread()  # another one, perhaps
        finally:
            generation.close()
            _holder = None
