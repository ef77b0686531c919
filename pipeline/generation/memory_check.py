"""The memory checks: whether a picture fits into this machine's memory, and whether it fits into its free memory."""

from collections.abc import Callable

from ..domain.errors import SettingsError
from ..domain.problems import Problem
from ..domain.size_parameters import MIN_SIZE, SIZE_MULTIPLE
from ..runtime import malloc
from ..runtime.host import free_memory, total_memory

PARTS = 32  # smaller sizes are tried in steps of 1/32 of the sides asked for; chosen: fine enough for a suggestion
GIGABYTE = 1e9
LIBRARIES = 0.4e9  # bytes that app.py holds before it loads a model; measured on Linux, mapped files not counted

Memory = Callable[[int, int], float]  # the bytes that a picture of a width and a height in pixels takes


def check_total_memory(memory: Memory, width: int, height: int) -> None:
    """Raise SettingsError if a picture needs more memory than this machine has. The error names a size that fits.

    `memory` counts all weights. Memory that other programs hold is counted as free: they may have ended when the
    picture's turn comes.
    """
    _check(memory, width, height, total_memory() - LIBRARIES, "memory")


def check_free_memory(memory: Memory, width: int, height: int) -> None:
    """Raise SettingsError if a picture needs more memory than is free. The error names a size that fits.

    `memory` counts only the weights that are not in memory yet. If too little is free, memory that malloc retained is
    given back before the decision. Call this between two generations only, as a running decode needs that memory.
    """
    if memory(width, height) > free_memory():
        malloc.trim()
        _check(memory, width, height, free_memory(), "free memory")


def _check(memory: Memory, width: int, height: int, available: float, code: str) -> None:
    needed = memory(width, height)
    if needed <= available:
        return
    facts = {"width": width, "height": height, "needed": needed / GIGABYTE, "available": max(0, available) / GIGABYTE}
    smaller = ((_scale(width, parts), _scale(height, parts)) for parts in range(PARTS - 1, 0, -1))
    fitting = next((size for size in smaller if min(size) >= MIN_SIZE and memory(*size) <= available), None)
    if fitting is None:
        raise SettingsError(Problem(f"no {code}", facts))
    raise SettingsError(Problem(code, {**facts, "fitting_width": fitting[0], "fitting_height": fitting[1]}))


def _scale(side: int, parts: int) -> int:
    return side * parts // PARTS // SIZE_MULTIPLE * SIZE_MULTIPLE
