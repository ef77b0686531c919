"""The layout of features in phases, from which tiles are cut without moving memory.

Phases are [16, H/4, W/4, C], with the cell (4y + i, 4x + j) of a feature map at [4i + j, y, x]. Channels are last
whatever their axis in the feature map: so products are those of matrices, and phases can be split without copies.
"""

import numpy as np
import openvino as ov
from openvino import opset13

from .constant_folding import constant_value
from .winograd import TILE

FIRST, LAST = 1, 3  # the axes that channels can be on
TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
_SHUFFLE = (0, 1, 4, 2, 5, 3)  # the transposition of a pixel shuffle, as torch's is exported


def to_phases(features: ov.Output, axis: int, side: int = TILE) -> ov.Output:
    """Return phases [side * side, H/side, W/side, C] of features [1, C, H, W], or of [1, H, W, C] if `axis` is LAST."""
    shuffled = _shuffled(features) if axis == FIRST and side == TILE else None
    if shuffled is not None:
        return _phases_of_shuffle(shuffled)
    last = features if axis == LAST else _channels_last(features)
    _, height, width, channels = last.get_shape()
    height, width = height // side, width // side
    apart = transpose(reshape(last, [height, side, width, side, channels]), (1, 3, 0, 2, 4))
    return reshape(apart, [side**2, height, width, channels])


def from_phases(phases: ov.Output, axis: int) -> ov.Output:
    """Return the features [1, C, H, W] of phases [16, H/4, W/4, C], or [1, H, W, C] if `axis` is LAST."""
    _, height, width, channels = phases.get_shape()
    apart = reshape(phases, [TILE, TILE, height, width, channels])
    last = reshape(transpose(apart, (2, 0, 3, 1, 4)), [1, TILE * height, TILE * width, channels])
    return last if axis == LAST else transpose(last, TO_FIRST)


def transpose(value: ov.Output, order: tuple[int, ...]) -> ov.Output:
    return opset13.transpose(value, np.array(order)).output(0)


def reshape(value: ov.Output, shape: list[int]) -> ov.Output:
    return opset13.reshape(value, np.array(shape), False).output(0)


def _shuffled(features: ov.Output) -> ov.Output | None:
    """Return the features [1, 4C, H/2, W/2] that a pixel shuffle made these from, or None if none did."""
    joined = features.get_node()
    if joined.get_type_name() != "Reshape" or joined.input_value(0).get_node().get_type_name() != "Transpose":
        return None
    moved = joined.input_value(0).get_node()
    divided = moved.input_value(0).get_node()
    _, channels, height, width = features.get_shape()
    if divided.get_type_name() != "Reshape" or tuple(constant_value(moved.input_value(1))) != _SHUFFLE:
        return None
    fits = list(divided.get_output_shape(0)) == [1, channels, 2, 2, height // 2, width // 2]
    return divided.input_value(0) if fits else None


def _phases_of_shuffle(features: ov.Output) -> ov.Output:
    """Return the phases [16, H/2, W/2, C] of the pixel shuffle of features [1, 4C, H, W].

    Both are one transposition if the four cells that a cell becomes are next to each other.
    """
    _, channels, height, width = features.get_shape()
    cells = np.arange(channels).reshape(-1, 4).T.ravel()
    last = _channels_last(features, cells)
    apart = reshape(last, [height // 2, 2, width // 2, 2, 2, 2, channels // 4])
    return reshape(transpose(apart, (1, 4, 3, 5, 0, 2, 6)), [TILE**2, height // 2, width // 2, channels // 4])


def _channels_last(features: ov.Output, order: np.ndarray | None = None) -> ov.Output:
    """Return features [1, H, W, C] of features [1, C, H, W], the channels in this order.

    OpenVINO takes long to move channels to the end, so they are taken from where they are last if possible.
    """
    operation = features.get_node()
    kind, inputs = operation.get_type_name(), operation.input_values()
    if kind == "Gather" and constant_value(inputs[2]) == FIRST:
        chosen = constant_value(inputs[1])
        features, order = inputs[0], chosen if order is None else chosen[order]
        operation = features.get_node()
        kind, inputs = operation.get_type_name(), operation.input_values()
    is_first = kind == "Transpose" and tuple(constant_value(inputs[1])) == TO_FIRST
    last = inputs[0] if is_first else transpose(features, TO_LAST)
    return last if order is None else opset13.gather(last, order, np.int64(LAST)).output(0)
