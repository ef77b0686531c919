"""The planning of bands: which rows of a segment's input are computed at once, so that they fit the memory.

Bands are exact: each is computed together with all the rows around it that its cells can depend on. Overlapping tiles
that are blended, as in diffusers' `enable_tiling`, are only approximate.
"""

import math
from dataclasses import dataclass, replace

from ..runtime.graph.convolutions import TILE
from ..runtime.graph.partition import Segment
from ..runtime.host import free_memory

MAX_BYTES = 2e9  # of a band's activations; chosen: Stop takes effect between bands, so none may take long
FREE_SHARE = 0.5  # of the free memory that a band may take; chosen: the other half stays for other programs
# OpenVINO's memory for activations, divided by the bytes that are live at once when convolutions are computed directly.
# It was 2.5 before Winograd's transforms and is raised for their memory; the measurement is not recorded.
OVERHEAD = 3.0
# What they take in bf16, of that in f32. Measured for each segment of a full-size DC-AE at 1024x1024 pixels, alone
# (the rise of its resident memory, weights included): 0.5 to 0.7.
BF16_SHARE = 0.7
MIN_HALOS = 4  # height of the smallest window in halos; chosen: two of them are overlap, so at worst half is repeated


@dataclass(frozen=True)
class Band:
    """The rows from `first` up to but not including `last` of a segment's input, computed from the rows `window`."""

    first: int
    last: int
    window: slice


def in_precision(segments: list[Segment], precision: str) -> list[Segment]:
    """Return the segments with the activations that they have when they compute in this precision."""
    share = BF16_SHARE if precision == "bf16" else 1.0
    return [replace(segment, bytes_per_cell=share * segment.bytes_per_cell) for segment in segments]


def plan_bands(segment: Segment, height: int, rows: int) -> list[Band]:
    """Divide an input of `height` rows into bands of nearly equal height, with windows of at most `rows` rows.

    All windows have the same height, so that the segment is compiled once. The height is as small as the number of
    bands allows, so that little is computed twice. It is rounded up to whole tiles of Winograd's filtering where `rows`
    allows.
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
    # Other bands mean other rounding. Halving the budget gives the same bands, and so the same picture, over a wide
    # range of free memory.
    budget, free = MAX_BYTES, free_memory()
    while budget > FREE_SHARE * free:
        budget /= 2
    fitting = int(budget / _row_bytes(segment, width)) // TILE * TILE
    return max(_min_rows(segment, height), fitting)


def min_bytes(segment: Segment, height: int, width: int) -> float:
    """Estimate the least bytes that a segment takes for an input of `height` x `width` cells.

    They are the whole input and output, and the activations of the smallest window.
    """
    return segment.held_per_cell * height * width + _row_bytes(segment, width) * _min_rows(segment, height)


def whole_bytes(segment: Segment, height: int, width: int) -> float:
    """Estimate the bytes that a segment takes for an input of `height` x `width` cells in one window."""
    return _row_bytes(segment, width) * height


def fits_at_once(segments: list[Segment], height: int, width: int) -> bool:
    """Return True if every segment that cannot run in bands stays within MAX_BYTES.

    `height` and `width` count the cells of the first segment's input.
    """
    for segment in segments:
        if segment.halo is None and whole_bytes(segment, height, width) > MAX_BYTES:
            return False
        height, width = segment.grown(height), segment.grown(width)
    return True


def _row_bytes(segment: Segment, width: int) -> float:
    return OVERHEAD * segment.bytes_per_cell * width


def _min_rows(segment: Segment, height: int) -> int:
    return height if segment.halo is None else min(height, MIN_HALOS * segment.halo or segment.block)
