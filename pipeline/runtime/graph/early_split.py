"""Channels that are split after their layers, split before them: the layers then compute each part where it is needed.

Where channels are last in memory, OpenVINO copies the parts out of what it splits, and this is its largest array: the
gate of a feed-forward layer.
"""

from itertools import pairwise

import numpy as np
import openvino as ov
from openvino import opset13

from .constant_folding import constant_value, is_constant
from .filter_split import select_filters
from .operations import rebuilt

_CHANNELS = 1  # the axis


def split_early(model: ov.Model) -> None:
    """Split in place the filters of the convolutions whose channels are split, after at most activation and bias."""
    for operation in model.get_ordered_ops():
        if operation.get_type_name() != "VariadicSplit" or constant_value(operation.input_value(1)) != _CHANNELS:
            continue
        joined = operation.input_value(0)
        if not _is_divisible(joined):
            continue
        ends = np.cumsum([port.get_shape()[_CHANNELS] for port in operation.outputs()])
        for port, channels in zip(operation.outputs(), pairwise([0, *ends]), strict=True):
            port.replace(_part(joined, slice(*channels)))


def _is_divisible(value: ov.Output) -> bool:
    """Return True if only one operation reads the value, and each of its channels can be computed on its own."""
    operation = value.get_node()
    kind, inputs = operation.get_type_name(), operation.input_values()
    if len(value.get_target_inputs()) > 1:
        return False
    match kind:
        case "Convolution":
            return True
        case "GroupConvolution":
            return inputs[1].get_shape()[1:3] == [1, 1] and _is_divisible(inputs[0])
        case "Add":
            return is_constant(inputs[1]) and _is_divisible(inputs[0])
        case "Swish":
            return _is_divisible(inputs[0])
    return False


def _part(value: ov.Output, channels: slice) -> ov.Output:
    """Return some channels of a divisible value, computed on their own."""
    operation = value.get_node()
    kind, inputs = operation.get_type_name(), operation.input_values()
    if kind == "Convolution":
        inputs[1] = select_filters(inputs[1], channels)
    else:
        inputs[0] = _part(inputs[0], channels)
    if kind == "GroupConvolution":
        inputs[1] = opset13.constant(constant_value(inputs[1])[channels]).output(0)
    if kind == "Add":
        bias = np.broadcast_to(constant_value(inputs[1]), [1, value.get_shape()[_CHANNELS], 1, 1])
        inputs[1] = opset13.constant(bias[:, channels]).output(0)
    return rebuilt(operation, inputs)
