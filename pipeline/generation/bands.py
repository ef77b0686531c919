"""Planning of bands: which rows of a segment's input are computed at once, so that they fit the memory.

Each band is computed with as many rows around it as its cells can depend on, so bands are exact. Tiles that overlap and
blend would only come near.
"""

import math
from dataclasses import dataclass

from ..runtime.graph.convolutions import TILE
from ..runtime.graph.partition import Segment
from ..runtime.host import free_memory

MAX_BYTES = 1.5e9  # of a band's activations, so that a Stop has not long to wait; a choice
FREE_SHARE = 0.5  # of the free memory, which a band may take; a choice
# OpenVINO's memory at most, over the activations that are live at once in a direct computation: 2.5 with direct
# convolutions, and more since Winograd's transforms take memory as well.
OVERHEAD = 3.0
MIN_HALOS = 4  # rows of a window, in halos: at worst, half of them are computed twice


@dataclass(frozen=True)
class Band:
    """Rows `first` to `last` of a segment's input, computed from the rows in `window`."""

    first: int
    last: int
    window: slice


def plan_bands(segment: Segment, height: int, rows: int) -> list[Band]:
    """Return bands of nearly equal height for an input of `height` rows, in windows of at most `rows` rows.

    All windows are of one height, so they are compiled once. It is not more than it has to be, so little is computed
    twice. It is of whole tiles where `rows` allows it, as Winograd's filtering asks for.
    """
    if segment.halo is None or rows >= height:
        return [Band(0, height, slice(0, height))]
    block = segment.block
    rows -= rows % block
    count = math.ceil(height / (rows - 2 * segment.halo))
    needed = math.ceil(height // block / count) * block + 2 * segment.halo
    unit = math.lcm(TILE, block)
    rows = min(rows, math.ceil(needed / unit) * unit)
    bands = []
    for index in range(count):
        first, last = (height // block * each // count * block for each in (index, index + 1))
        start = min(max(0, first - segment.halo), height - rows)
        bands.append(Band(first, last, slice(start, start + rows)))
    return bands


def rows_that_fit(segment: Segment, height: int, width: int) -> int:
    """Return how many rows a window may have in the free memory, for an input of `height` x `width` cells."""
    # The budget is halved instead of following the free memory: pictures in other bands are rounded otherwise.
    budget, free = MAX_BYTES, free_memory()
    while budget > FREE_SHARE * free:
        budget /= 2
    fitting = int(budget / _row_bytes(segment, width)) // TILE * TILE
    return max(_min_rows(segment, height), fitting)


def min_bytes(segment: Segment, height: int, width: int) -> float:
    """Return about how many bytes a segment takes at least for an input of `height` x `width` cells.

    Its whole input and output count, and the activations of the smallest window.
    """
    return segment.held_per_cell * height * width + _row_bytes(segment, width) * _min_rows(segment, height)


def whole_bytes(segment: Segment, height: int, width: int) -> float:
    """Return about how many bytes a segment takes for an input of `height` x `width` cells in one window."""
    return _row_bytes(segment, width) * height


def fits_at_once(segments: list[Segment], height: int, width: int) -> bool:
    """Return True if each segment that needs its whole input, `height` x `width` cells, stays below MAX_BYTES."""
    bytes_per_cell = max((each.bytes_per_cell for each in segments if each.halo is None), default=0.0)
    return OVERHEAD * bytes_per_cell * height * width <= MAX_BYTES


def _row_bytes(segment: Segment, width: int) -> float:
    return OVERHEAD * segment.bytes_per_cell * width


def _min_rows(segment: Segment, height: int) -> int:
    return height if segment.halo is None else min(height, MIN_HALOS * segment.halo or segment.block)
