"""malloc tuning: keep freed pages in the process between allocations.

The kernel zeroes every page it hands out, which costs about 10 % of a decode. Only glibc is tuned, by mallopt(3). With
other C libraries, the functions do nothing.
"""

import ctypes
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .host import free_memory

RETAINED_SHARE = 1 / 4  # of the free memory, for freed pages between two decodes; chosen: most stays for other programs
RETAINED_SECONDS = 60.0  # for freed pages after a decode; chosen: who draws several begins the next by then
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -3, -4, -8  # glibc's malloc.h
_MAX_INT = 2**31 - 1
_LARGE = 2**25  # bytes; glibc's DEFAULT_MMAP_THRESHOLD_MAX, the limit to which it raises the threshold by itself
_MAPPINGS = 2**16  # glibc's DEFAULT_MMAP_MAX
_is_retaining = False
_later: threading.Timer | None = None
_GLIBC = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


def use_single_arena() -> None:
    """Let all threads allocate from the main arena. Call this before there is a second thread.

    glibc gives other threads small arenas of their own, which do not retain large blocks.
    """
    if _GLIBC:
        _GLIBC.mallopt(_ARENA_MAX, 1)


@contextmanager
def retain_freed_memory() -> Iterator[None]:
    """Keep freed pages inside of the context. Afterwards, trim them, at once if they exceed RETAINED_SHARE.

    Contexts must not overlap. They do not, since generations are exclusive.
    """
    global _is_retaining
    _is_retaining = True
    if _GLIBC:
        _GLIBC.mallopt(_MMAP_MAX, 0)
        _GLIBC.mallopt(_TRIM_THRESHOLD, _MAX_INT)
    try:
        yield
    finally:
        _is_retaining = False
        if _GLIBC:
            _GLIBC.mallopt(_MMAP_MAX, _MAPPINGS)
            _GLIBC.mallopt(_MMAP_THRESHOLD, _LARGE)
            if _free_bytes(_GLIBC) > RETAINED_SHARE * free_memory():
                _GLIBC.mallopt(_TRIM_THRESHOLD, _LARGE)
                trim()
            _trim_later()


def trim() -> None:
    """Return free pages to the system, unless `retain_freed_memory` is active in some thread."""
    if _GLIBC and not _is_retaining:
        _GLIBC.malloc_trim(0)


def _trim_later() -> None:
    """Trim after RETAINED_SECONDS, counted from the last call."""
    global _later
    if _later:
        _later.cancel()
    _later = threading.Timer(RETAINED_SECONDS, trim)
    _later.daemon = True
    _later.start()


class _Mallinfo2(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_size_t * 10)]


def _free_bytes(glibc: ctypes.CDLL) -> float:
    """Return the free bytes of the arenas. Pages that were trimmed before count as well."""
    if not hasattr(glibc, "mallinfo2"):  # before glibc 2.33
        return float("inf")
    glibc.mallinfo2.restype = _Mallinfo2
    return float(glibc.mallinfo2().counts[8])  # "fordblks"
