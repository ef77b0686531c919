"""3x3 convolutions with a quarter of the multiplications, by Winograd's minimal filtering in tiles of 4x4 pixels.

F(4x4, 3x3) of A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: exact but for rounding.
OpenVINO itself computes convolutions directly.
"""

import math

import numpy as np
import openvino as ov
from openvino import opset12, opset13

TILE = 4
# Polynomials are evaluated at 0, +-NEAR, +-FAR and infinity. Lavin and Gray take 1 and 2; these round less, and bf16
# holds all factors that come of them.
_NEAR, _FAR = 3 / 4, 3 / 2
_POINTS = (0, _NEAR, -_NEAR, _FAR, -_FAR)
_ROWS = [
    np.array([1, point, point**2]) / math.prod(point - other for other in _POINTS if other != point)
    for point in _POINTS
]
_FILTER = np.array([*_ROWS, [0, 0, 1]])
_Y, _X = 2, 3


def convolution(phases: ov.Output, weights: np.ndarray) -> ov.Output:
    """A 3x3 convolution with stride 1 and padding 1, of phases to phases [16, O, H/4, W/4].

    `phases` [16, C, H/4, W/4] hold pixel (4y + i, 4x + j) at [4i + j, :, y, x]; the transforms are sums of such whole
    arrays. Or they are [4, C, H/4, W/4], those of a picture all of whose pixels are to be taken twice, in rows and in
    columns. `weights` f32 [O, C, 3, 3].
    """
    side = math.isqrt(phases.get_shape()[0])
    filters = np.ascontiguousarray((_FILTER @ weights @ _FILTER.T).transpose(2, 3, 0, 1), np.float32)
    summed = []
    for row, row_filters in zip(_values(_parts(phases, side), _Y), filters, strict=True):
        values = _values(_parts(row, side), _X)
        summed.append(_joined(_pixels([_product(*each) for each in zip(values, row_filters, strict=True)])))
    return _joined(_pixels(summed))


def _values(pixels: list[ov.Output], axis: int) -> list[ov.Output]:
    """At each point, the polynomial of a tile's four rows or columns, the one before and the one after."""
    p0, (p1, p2, p3, p4), p5 = _shifted(pixels[-1], axis, 1), pixels, _shifted(pixels[0], axis, -1)
    near_even, near_odd = _sum(p4, p2, -(_FAR**2)), _sum(_times(p3, _NEAR), p1, -_NEAR * _FAR**2)
    far_even, far_odd = _sum(p4, p2, -(_NEAR**2)), _sum(_times(p3, _FAR), p1, -_FAR * _NEAR**2)
    return [
        _sum(_sum(p4, p2, -(_NEAR**2 + _FAR**2)), p0, (_NEAR * _FAR) ** 2),
        _sum(near_even, near_odd),
        _sum(near_even, near_odd, -1),
        _sum(far_even, far_odd),
        _sum(far_even, far_odd, -1),
        _sum(_sum(p5, p3, -(_NEAR**2 + _FAR**2)), p1, (_NEAR * _FAR) ** 2),
    ]


def _pixels(values: list[ov.Output]) -> list[ov.Output]:
    """A tile's four rows or columns of the products at each point."""
    zero, near, minus_near, far, minus_far, infinity = values
    near_even, near_odd = _sum(near, minus_near), _sum(near, minus_near, -1)
    far_even, far_odd = _sum(far, minus_far), _sum(far, minus_far, -1)
    return [
        _sum(_sum(zero, near_even), far_even),
        _sum(_times(near_odd, _NEAR), far_odd, _FAR),
        _sum(_times(near_even, _NEAR**2), far_even, _FAR**2),
        _sum(_sum(infinity, near_odd, _NEAR**3), far_odd, _FAR**3),
    ]


def _product(values: ov.Output, filters: np.ndarray) -> ov.Output:
    weights = opset13.constant(filters[..., None, None])
    return opset13.convolution(values, weights, [1, 1], [0, 0], [0, 0], [1, 1]).output(0)


def _parts(phases: ov.Output, side: int) -> list[ov.Output]:
    """Four, or two of which each is taken twice."""
    parts = opset13.split(phases, np.int64(0), side).outputs()
    return [parts[index * side // TILE] for index in range(TILE)]


def _joined(parts: list[ov.Output]) -> ov.Output:
    return opset13.concat(parts, 0).output(0)


def _shifted(value: ov.Output, axis: int, by: int) -> ov.Output:
    """What the tile before has in this place (`by` 1), or the tile after (-1)."""
    begin = [by if each == axis else 0 for each in range(4)]
    return opset12.pad(value, begin, [-each for each in begin], "constant", np.float32(0)).output(0)


def _sum(first: ov.Output, second: ov.Output, factor: float = 1) -> ov.Output:
    """first + factor * second"""
    operation = opset13.add if factor > 0 else opset13.subtract
    return operation(first, second if abs(factor) == 1 else _times(second, abs(factor))).output(0)


def _times(value: ov.Output, factor: float) -> ov.Output:
    return opset13.multiply(value, np.float32(factor)).output(0)
