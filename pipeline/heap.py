"""Freed memory, kept for what is allocated next: systems clear the pages they give, which takes a tenth of a decode.

Only glibc is asked to, by mallopt(3); with other C libraries nothing is different.
"""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from .machine import free_memory

KEPT_SHARE = 1 / 4  # of the memory that is free; more than that is given back
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -3, -4, -8
_MOST = 2**31 - 1
_LARGE = 2**25  # bytes, from which on glibc maps memory of its own after a while
_MAPPINGS = 2**16  # its default
_GLIBC = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


def use_one_heap() -> None:
    """For programs that generate in threads other than the first: to be called before there are any. glibc gives
    threads small heaps of their own, which keep nothing large."""
    if _GLIBC:
        _GLIBC.mallopt(_ARENA_MAX, 1)


@contextmanager
def kept() -> Iterator[None]:
    """Meanwhile freed memory stays with this process; in the end it is given back, unless it is little."""
    if _GLIBC:
        _GLIBC.mallopt(_MMAP_MAX, 0)
        _GLIBC.mallopt(_TRIM_THRESHOLD, _MOST)
    try:
        yield
    finally:
        if _GLIBC:
            _GLIBC.mallopt(_MMAP_MAX, _MAPPINGS)
            _GLIBC.mallopt(_MMAP_THRESHOLD, _LARGE)
            if _freed(_GLIBC) > KEPT_SHARE * free_memory():
                _GLIBC.mallopt(_TRIM_THRESHOLD, _LARGE)
                give_back()


def give_back() -> None:
    """Gives back what is kept."""
    if _GLIBC:
        _GLIBC.malloc_trim(0)


class _Mallinfo2(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_size_t * 10)]


def _freed(glibc: ctypes.CDLL) -> float:
    """Bytes that are kept, or that once were."""
    if not hasattr(glibc, "mallinfo2"):  # before glibc 2.33
        return float("inf")
    glibc.mallinfo2.restype = _Mallinfo2
    return glibc.mallinfo2().counts[8]  # "fordblks"
