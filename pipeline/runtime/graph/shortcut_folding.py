"""The shortcut of a DC-AE encoder's downsampling, folded into the weights of the convolution beside it.

The shortcut unshuffles a feature map [C, 2h, 2w] to [4C, h, w], and takes means of neighbouring channels. So it is a
convolution itself, and two convolutions of the same input are one. As operations of its own, it takes longer than half
of the convolution does.
"""

import numpy as np
import openvino as ov
from openvino import opset13

from .constant_folding import constant_value, is_constant
from .operations import is_quantised, rebuilt

_SIDE = 2  # cells of the feature map along each side of a cell of the output
_UNSHUFFLE = (0, 1, 3, 5, 2, 4)  # the transposition of a pixel unshuffle, as torch's is exported
_MEAN_AXIS = 2  # of [1, O, 4C / O, h, w]


def fold_shortcuts(model: ov.Model, beats_8_bit: bool = False) -> None:
    """Fold in place the shortcuts beside 3x3 convolutions of stride 2.

    Convolutions of quantised activations stay as they are, unless a folded one `beats_8_bit` convolutions on this
    machine: then its activations are not quantised.
    """
    for operation in model.get_ordered_ops():
        if operation.get_type_name() != "Add":
            continue
        for branch, mean in (operation.input_values(), operation.input_values()[::-1]):
            convolution = _before_bias(branch)
            source = _downsampled(convolution, beats_8_bit)
            if source is not None and _is_shortcut(mean, source):
                folded = _folded(convolution.get_node(), source)
                convolution.replace(folded)
                operation.output(0).replace(folded if branch == convolution else branch)
                break


def _before_bias(value: ov.Output) -> ov.Output:
    """Return the value before a bias was added to it, if one was."""
    operation = value.get_node()
    has_bias = operation.get_type_name() == "Add" and is_constant(operation.input_value(1))
    return operation.input_value(0) if has_bias else value


def _folded(convolution: ov.Node, source: ov.Output) -> ov.Output:
    """Return the value of the convolution of `source` together with the shortcut of it."""
    weights = constant_value(convolution.input_value(1))
    both = opset13.constant(weights + _shortcut(*weights.shape[:2]))
    return rebuilt(convolution, [source, both.output(0)])


def _downsampled(value: ov.Output, beats_8_bit: bool) -> ov.Output | None:
    """Return what a 3x3 convolution of stride 2, padded by 1, gave this value for; None if it is no such value.

    With `beats_8_bit`, it is returned as it was before its quantisation.
    """
    operation = value.get_node()
    if operation.get_type_name() != "Convolution" or operation.input_value(1).get_shape()[2:] != [3, 3]:
        return None
    if len(value.get_target_inputs()) > 1:  # it is needed without the shortcut
        return None
    attributes = operation.get_attributes()
    fits = attributes["strides"] == [_SIDE] * 2 and attributes["pads_begin"] == attributes["pads_end"] == [1, 1]
    if not fits or attributes["dilations"] != [1, 1]:
        return None
    source = operation.input_value(0)
    return source.get_node().input_value(0) if beats_8_bit and is_quantised(source) else source


def _is_shortcut(value: ov.Output, source: ov.Output) -> bool:
    """Return True if the value is that of means of the unshuffled source, [1, O, h, w] of [1, C, 2h, 2w]."""
    _, channels, height, width = source.get_shape()
    small = [height // _SIDE, width // _SIDE]
    if value.get_node().get_type_name() != "ReduceMean" or len(value.get_shape()) != 4:
        return False
    if np.ravel(constant_value(value.get_node().input_value(1))).tolist() != [_MEAN_AXIS]:
        return False
    filters = value.get_shape()[1]
    steps = [
        ("Reshape", [1, filters, _SIDE**2 * channels // filters, *small]),
        ("Reshape", [1, _SIDE**2 * channels, *small]),
        ("Transpose", [1, channels, _SIDE, _SIDE, *small]),
        ("Reshape", [1, channels, small[0], _SIDE, small[1], _SIDE]),
    ]
    for kind, shape in steps:
        value = value.get_node().input_value(0)
        operation = value.get_node()
        if operation.get_type_name() != kind or list(value.get_shape()) != shape:
            return False
        if kind == "Transpose" and tuple(constant_value(operation.input_value(1))) != _UNSHUFFLE:
            return False
    is_same: bool = operation.input_value(0) == source
    return is_same


def _shortcut(filters: int, channels: int) -> np.ndarray:
    """Return the weights f32 [O, C, 3, 3] of the shortcut as a convolution of stride 2, padded by 1."""
    weights = np.zeros((filters, channels, 3, 3), np.float32)
    group = _SIDE**2 * channels // filters
    for unshuffled in range(_SIDE**2 * channels):
        channel, cell = divmod(unshuffled, _SIDE**2)
        row, column = divmod(cell, _SIDE)
        weights[unshuffled // group, channel, 1 + row, 1 + column] = 1 / group  # the padding is before the first cell
    return weights
