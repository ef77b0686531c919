"""Winograd's minimal filtering: 3x3 convolutions with a quarter of the multiplications, in tiles of 4x4 outputs.

This is F(4x4, 3x3) of A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015
(https://arxiv.org/abs/1509.09308). It is exact but for rounding. OpenVINO itself computes convolutions directly.
"""

import math

import numpy as np
import openvino as ov
from openvino import opset12, opset13

TILE = 4
# Polynomials are evaluated at 0, +-NEAR, +-FAR and infinity. Lavin and Gray take 1 and 2. These points round less, and
# all factors that follow from them are exact in bf16.
_NEAR, _FAR = 3 / 4, 3 / 2
_POINTS = (0, _NEAR, -_NEAR, _FAR, -_FAR)
_ROWS = [
    np.array([1, point, point**2]) / math.prod(point - other for other in _POINTS if other != point)
    for point in _POINTS
]
_FILTER_TRANSFORM = np.array([*_ROWS, [0, 0, 1]])  # "G" in the paper: 6 points x 3 rows of a filter
_Y, _X = 2, 3  # axes of phases


def winograd_convolution(phases: ov.Output, weights: np.ndarray) -> ov.Output:
    """Convolve with 3x3 filters, stride 1 and padding 1; return phases [16, O, H/4, W/4].

    `phases` [16, C, H/4, W/4] hold the cell (4y + i, 4x + j) of a feature map at [4i + j, :, y, x], so that the
    transforms are sums of whole arrays. Phases [4, C, H/4, W/4] are those of a feature map of half the size, which is
    upsampled first: each of its cells is taken twice in rows and in columns. `weights` are f32 [O, C, 3, 3].
    """
    side = math.isqrt(phases.get_shape()[0])
    filters = _FILTER_TRANSFORM @ weights @ _FILTER_TRANSFORM.T
    filters = np.ascontiguousarray(filters.transpose(2, 3, 0, 1), np.float32)
    rows = []
    for row, row_filters in zip(_input_transform(_split(phases, side), _Y), filters, strict=True):
        points = _input_transform(_split(row, side), _X)
        rows.append(_join(_output_transform([_product(*each) for each in zip(points, row_filters, strict=True)])))
    return _join(_output_transform(rows))


def _input_transform(inputs: list[ov.Output], axis: int) -> list[ov.Output]:
    """Evaluate at each point the polynomial of a tile's four rows or columns and of the one before and after them.

    This is "B^T d" in the paper, along one axis: 4 inputs -> 6 points.
    """
    d0, (d1, d2, d3, d4), d5 = _shift(inputs[-1], axis, 1), inputs, _shift(inputs[0], axis, -1)
    near_even, near_odd = _sum(d4, d2, -(_FAR**2)), _sum(_scale(d3, _NEAR), d1, -_NEAR * _FAR**2)
    far_even, far_odd = _sum(d4, d2, -(_NEAR**2)), _sum(_scale(d3, _FAR), d1, -_FAR * _NEAR**2)
    return [
        _sum(_sum(d4, d2, -(_NEAR**2 + _FAR**2)), d0, (_NEAR * _FAR) ** 2),
        _sum(near_even, near_odd),
        _sum(near_even, near_odd, -1),
        _sum(far_even, far_odd),
        _sum(far_even, far_odd, -1),
        _sum(_sum(d5, d3, -(_NEAR**2 + _FAR**2)), d1, (_NEAR * _FAR) ** 2),
    ]


def _output_transform(points: list[ov.Output]) -> list[ov.Output]:
    """Interpolate a tile's four rows or columns from the products at each point.

    This is "A^T m" in the paper, along one axis: 6 points -> 4 outputs.
    """
    zero, near, minus_near, far, minus_far, infinity = points
    near_even, near_odd = _sum(near, minus_near), _sum(near, minus_near, -1)
    far_even, far_odd = _sum(far, minus_far), _sum(far, minus_far, -1)
    return [
        _sum(_sum(zero, near_even), far_even),
        _sum(_scale(near_odd, _NEAR), far_odd, _FAR),
        _sum(_scale(near_even, _NEAR**2), far_even, _FAR**2),
        _sum(_sum(infinity, near_odd, _NEAR**3), far_odd, _FAR**3),
    ]


def _product(points: ov.Output, filters: np.ndarray) -> ov.Output:
    weights = opset13.constant(filters[..., None, None])
    return opset13.convolution(points, weights, [1, 1], [0, 0], [0, 0], [1, 1]).output(0)


def _split(phases: ov.Output, side: int) -> list[ov.Output]:
    """Return the phases of a tile's four rows or columns. If `side` is two, each is taken twice."""
    parts = opset13.split(phases, np.int64(0), side).outputs()
    return [parts[index * side // TILE] for index in range(TILE)]


def _join(parts: list[ov.Output]) -> ov.Output:
    return opset13.concat(parts, 0).output(0)


def _shift(value: ov.Output, axis: int, by: int) -> ov.Output:
    """Shift an array by one tile along an axis, forwards (`by` 1) or backwards (-1), with zeros at the edge."""
    begin = [by if each == axis else 0 for each in range(4)]
    return opset12.pad(value, begin, [-each for each in begin], "constant", np.float32(0)).output(0)


def _sum(first: ov.Output, second: ov.Output, factor: float = 1) -> ov.Output:
    """Return first + factor * second."""
    operation = opset13.add if factor > 0 else opset13.subtract
    return operation(first, second if abs(factor) == 1 else _scale(second, abs(factor))).output(0)


def _scale(value: ov.Output, factor: float) -> ov.Output:
    return opset13.multiply(value, np.float32(factor)).output(0)
