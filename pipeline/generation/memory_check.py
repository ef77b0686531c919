"""The memory checks: whether a picture fits this machine, and whether it fits what is free of it just now."""

from collections.abc import Callable

from ..domain.errors import SettingsError
from ..domain.problems import Problem
from ..domain.settings import MIN_SIZE, SIZE_MULTIPLE
from ..runtime import malloc
from ..runtime.host import free_memory, total_memory

PARTS = 32  # smaller pictures are tried in steps of 1/32 of the sides asked for; a choice
GIGABYTE = 1e9
LIBRARIES = 0.4e9  # bytes that app.py holds before it loads a model, measured on Linux without mapped files

Memory = Callable[[int, int], float]  # the bytes that a picture of a width and a height in pixels takes


def check_total_memory(memory: Memory, width: int, height: int) -> None:
    """Raise SettingsError, naming the largest size of that shape that fits, if this machine can never hold a picture.

    `memory` counts all weights. What others hold now does not matter: it may be free when the picture's turn comes.
    """
    _check(memory, width, height, total_memory() - LIBRARIES, "memory")


def check_free_memory(memory: Memory, width: int, height: int) -> None:
    """Raise SettingsError, naming the largest size of that shape that fits, if a picture needs more than is free.

    `memory` counts the weights that are not in memory yet. Call this between two generations only: memory that malloc
    retained is returned first, where too little is free, and a decode would have to get it again page by page.
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
