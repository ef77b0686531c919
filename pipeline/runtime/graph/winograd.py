"""Winograd's minimal filtering: 3x3 convolutions with a quarter of the multiplications, in tiles of 4x4 outputs.

This is F(4x4, 3x3) of A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015
(https://arxiv.org/abs/1509.09308). It is exact but for rounding. OpenVINO itself computes convolutions directly.

The transforms take as long as memory takes to be read and written, so each is to be one pass over it. OpenVINO joins
sums to a pass if they depend on each other, if no operation that follows the pass comes before its last sum in the
order of the graph (operations come where they are first needed), and while inputs and outputs are eleven at most. The
sums below are arranged for that: hence a point that is computed from another point.
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
_RATIO = _FAR / _NEAR
_Y, _X = 1, 2  # axes of phases


def winograd_convolution(phases: ov.Output, weights: np.ndarray) -> ov.Output:
    """Convolve with 3x3 filters, stride 1 and padding 1; return phases [16, H/4, W/4, O].

    `phases` [16, H/4, W/4, C] hold the cell (4y + i, 4x + j) of a feature map at [4i + j, y, x], so that the transforms
    are sums of whole arrays. Phases [4, H/4, W/4, C] are those of a feature map of half the size, which is upsampled
    first: each of its cells is taken twice in rows and in columns. `weights` are f32 [O, C, 3, 3].
    """
    side = math.isqrt(phases.get_shape()[0])
    both_axes = np.kron(_FILTER_TRANSFORM, _FILTER_TRANSFORM)  # 36 points x 9 cells: one product, which BLAS is fast at
    products = both_axes.astype(np.float32) @ weights.reshape(-1, 9).T
    filters = products.reshape(len(_FILTER_TRANSFORM), -1, *weights.shape[:2])
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
    far_even, far_odd = _sum(d4, d2, -(_NEAR**2)), _sum(d3, d1, -(_NEAR**2))  # the odd ones without their factor
    minus_far = _sum(far_even, far_odd, -_FAR)
    far = _sum(minus_far, far_odd, 2 * _FAR)
    zero = _sum(_sum(_sum(far, far_odd, -_FAR), d2, -(_FAR**2)), d0, (_NEAR * _FAR) ** 2)
    near_even = _sum(_sum(zero, d2, _NEAR**2), d0, -((_NEAR * _FAR) ** 2))
    near_odd = _sum(far_odd, d1, _NEAR**2 - _FAR**2)
    minus_near = _sum(near_even, near_odd, -_NEAR)
    near = _sum(minus_near, near_odd, 2 * _NEAR)
    infinity = _sum(_sum(d5, d3, -(_NEAR**2 + _FAR**2)), d1, (_NEAR * _FAR) ** 2)
    return [zero, near, minus_near, far, minus_far, infinity]


def _output_transform(points: list[ov.Output]) -> list[ov.Output]:
    """Interpolate a tile's four rows or columns from the products at each point.

    This is "A^T m" in the paper, along one axis: 6 points -> 4 outputs.
    """
    zero, near, minus_near, far, minus_far, infinity = points
    near_even, far_even = _sum(near, minus_near), _sum(far, minus_far)
    near_odd, far_odd = _sum(near_even, minus_near, -2), _sum(far_even, minus_far, -2)
    return [
        _sum(_sum(near_even, far_even), zero),
        _scale(_sum(near_odd, far_odd, _RATIO), _NEAR),
        _scale(_sum(near_even, far_even, _RATIO**2), _NEAR**2),
        _sum(infinity, _sum(near_odd, far_odd, _RATIO**3), _NEAR**3),
    ]


def _product(points: ov.Output, filters: np.ndarray) -> ov.Output:
    return opset13.matmul(points, opset13.constant(filters), False, True).output(0)


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
