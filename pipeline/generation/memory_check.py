"""The memory check: whether a picture fits the memory that is free, asked before any work."""

from collections.abc import Callable

from ..domain.errors import SettingsError
from ..domain.problems import Problem
from ..domain.settings import MIN_SIZE, SIZE_MULTIPLE
from ..runtime import malloc
from ..runtime.host import free_memory

PARTS = 32  # smaller pictures are tried in steps of 1/32 of the sides asked for; a choice
GIGABYTE = 1e9


def check_memory(memory: Callable[[int, int], float], width: int, height: int) -> None:
    """Raise SettingsError, naming the largest size of that shape that fits, if a picture needs more than is free.

    `memory` returns the bytes that a picture of a width and a height in pixels takes.
    """
    needed = memory(width, height)
    if needed <= free_memory():
        return
    malloc.trim()
    free = free_memory()
    if needed <= free:
        return
    facts = {"width": width, "height": height, "needed": needed / GIGABYTE, "free": free / GIGABYTE}
    smaller = ((_scale(width, parts), _scale(height, parts)) for parts in range(PARTS - 1, 0, -1))
    fitting = next((size for size in smaller if min(size) >= MIN_SIZE and memory(*size) <= free), None)
    if fitting is None:
        raise SettingsError(Problem("no memory", facts))
    raise SettingsError(Problem("memory", {**facts, "fitting_width": fitting[0], "fitting_height": fitting[1]}))


def _scale(side: int, parts: int) -> int:
    return side * parts // PARTS // SIZE_MULTIPLE * SIZE_MULTIPLE
