"""One generation at a time in a process, even with several pipelines: two would only compete for the same cores."""

import threading
from collections.abc import Generator
from typing import TypeVar

from ..domain.errors import BusyError

Item = TypeVar("Item")

_LOCK = threading.Lock()
_holder: threading.Thread | None = None  # the thread that last resumed the running generation


def exclusively(generation: Generator[Item, None, None]) -> Generator[Item, None, None]:
    """Yield the items of a generation, after any generation in another thread has ended.

    Raises:
        BusyError: the running generation belongs to this thread, which would wait for itself forever.
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
                _holder = threading.current_thread()  # another thread may have resumed it
        finally:
            generation.close()
            _holder = None
