"""Whether a picture fits the memory that is free, asked before any work."""

from collections.abc import Callable

from . import heap
from .errors import SettingsError
from .machine import free_memory
from .settings import MIN_SIZE, SIZE_MULTIPLE


def check_room(memory: Callable[[int, int], float], width: int, height: int) -> None:
    """Raises SettingsError, naming the largest size of that shape that fits, where `memory` (bytes that a picture of
    a width and a height takes) is more than what is free."""
    needed = memory(width, height)
    if needed <= free_memory():
        return
    heap.give_back()
    free = free_memory()
    if needed <= free:
        return
    smaller = ((_scaled(width, part), _scaled(height, part)) for part in range(31, 0, -1))
    fitting = next((size for size in smaller if min(size) >= MIN_SIZE and memory(*size) <= free), None)
    advice = f"the largest of this shape that fits is {fitting[0]}x{fitting[1]}" if fitting else "no size fits"
    raise SettingsError(
        f"{width}x{height} pixels need about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free: {advice}."
    )


def _scaled(side: int, part: int) -> int:
    return side * part // 32 // SIZE_MULTIPLE * SIZE_MULTIPLE
