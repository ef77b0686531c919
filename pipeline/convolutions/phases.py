"""A model's large 3x3 convolutions computed by `winograd`, and what lies between them on the same arrays.

There features stay in phases [16, C, H/4, W/4], where pixel (4y + i, 4x + j) is at [4i + j, :, y, x]: operations on
single pixels need not know.
"""

import numpy as np
import openvino as ov
from openvino import opset13

from ..constants import folded
from .winograd import TILE, convolution

# Where there are fewer, the transforms take longer than what they save, of features or of filters,
FEWEST_CHANNELS = 128
LEAST_TILES = 1  # for each channel
LEAST_FLOP = 1e10  # and it takes longer to compile them.
_ON_PIXELS = {"Add", "Convert", "Divide", "Multiply", "Power", "Relu", "Sqrt", "Subtract", "Swish"}
_FIRST, _LAST = 1, 3  # axes that channels may be on
_TO_FIRST, _TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def use_winograd(model: ov.Model) -> None:
    """Rewrites in place a model of static shapes. Convolutions of quantised activations stay, as do those of a picture
    that is not made of whole tiles."""
    channels: dict[ov.Output, int] = {}  # what is in phases: the axis its channels are on
    for operation in model.get_ordered_ops():
        sources = operation.input_values()
        if _suits(operation):
            phases = sources[0] if sources[0] in channels else _smallest_phases(sources[0])
            output = convolution(phases, _value(sources[1]))
            operation.output(0).replace(output)
            channels[output] = _FIRST
        elif not channels.keys().isdisjoint(sources):
            axis = _channels_after(operation, channels)
            for port, source in zip(operation.inputs(), sources, strict=True):
                if axis is None and source in channels:
                    port.replace_source_output(_picture(source, channels[source]))
                elif axis is not None and source not in channels and _has_pixels(source, axis):
                    port.replace_source_output(_phases(source, axis, TILE))
            operation.validate_and_infer_types()
            if axis is not None:
                channels[operation.output(0)] = axis
    model.validate_nodes_and_infer_types()


def _suits(operation: ov.Node) -> bool:
    if operation.get_type_name() != "Convolution":
        return False
    features, weights = operation.input_values()
    attributes = operation.get_attributes()
    filters, channels, *kernel = weights.get_shape()
    count, _, height, width = operation.get_output_shape(0)
    return (
        kernel == [3, 3]
        and all(attributes[name] == [1, 1] for name in ("strides", "dilations", "pads_begin", "pads_end"))
        and count == 1
        and height % TILE == 0 == width % TILE
        and min(filters, channels) >= FEWEST_CHANNELS
        and height * width >= LEAST_TILES * TILE**2 * max(filters, channels)
        and 2 * 9 * filters * channels * height * width >= LEAST_FLOP
        and features.get_node().get_type_name() != "FakeQuantize"
    )


def _smallest_phases(features: ov.Output) -> ov.Output:
    """For a convolution: where it is of an enlarged picture, of the smaller one."""
    enlarged = features.get_node()
    if _doubles(enlarged):
        return _phases(enlarged.input_value(0), _FIRST, TILE // 2)
    return _phases(features, _FIRST, TILE)


def _doubles(operation: ov.Node) -> bool:
    """Whether it takes each pixel twice, in rows and in columns."""
    if operation.get_type_name() != "Interpolate":
        return False
    attributes = operation.get_attributes()
    how = [attributes[name] for name in ("mode", "coordinate_transformation_mode", "nearest_mode")]
    small, large = operation.get_input_shape(0), operation.get_output_shape(0)
    return how == ["nearest", "asymmetric", "floor"] and list(large) == [*small[:2], *(2 * side for side in small[2:])]


def _channels_after(operation: ov.Node, channels: dict[ov.Output, int]) -> int | None:
    """The axis of the channels in the output of an operation that is the same on phases; None if it is not."""
    sources = operation.input_values()
    first = next(source for source in sources if source in channels)
    axis, kind = channels[first], operation.get_type_name()
    if kind == "Transpose":
        order = tuple(_value(sources[1]))
        return {(_FIRST, _TO_LAST): _LAST, (_LAST, _TO_FIRST): _FIRST}.get((axis, order))
    if kind == "ReduceMean" and operation.get_attributes()["keep_dims"]:
        return axis if [each % 4 for each in np.ravel(_value(sources[1]))] == [axis] else None
    picture = [TILE * side for side in _pixels(first, axis)]
    others = [source for source in sources if source not in channels]
    fits = all(_pixels(source, axis) == (picture if _has_pixels(source, axis) else [1, 1]) for source in others)
    return axis if kind in _ON_PIXELS and fits else None


def _has_pixels(value: ov.Output, axis: int) -> bool:
    """Whether it is of pixels that differ."""
    return len(value.get_shape()) == 4 and _pixels(value, axis) != [1, 1]


def _pixels(value: ov.Output, axis: int) -> list[int]:
    """Its lengths on the two axes that are not of channels, as it is broadcast."""
    shape = [1, 1, 1, 1, *value.get_shape()][-4:]
    return [length for place, length in enumerate(shape) if place not in (0, axis)]


def _phases(picture: ov.Output, axis: int, side: int) -> ov.Output:
    """[1, C, H, W] -> [side * side, C, H/side, W/side], or the same with the channels last."""
    if axis == _LAST:
        return _transposed(_phases(_transposed(picture, _TO_FIRST), _FIRST, side), _TO_LAST)
    _, channels, height, width = picture.get_shape()
    height, width = height // side, width // side
    apart = _reshaped(picture, [channels, height, side, width, side])
    return _reshaped(_transposed(apart, (2, 4, 0, 1, 3)), [side**2, channels, height, width])


def _picture(phases: ov.Output, axis: int) -> ov.Output:
    """The reverse of `_phases`."""
    if axis == _LAST:
        return _transposed(_picture(_transposed(phases, _TO_FIRST), _FIRST), _TO_LAST)
    _, channels, height, width = phases.get_shape()
    apart = _reshaped(phases, [TILE, TILE, channels, height, width])
    return _reshaped(_transposed(apart, (2, 3, 0, 4, 1)), [1, channels, height * TILE, width * TILE])


def _transposed(value: ov.Output, order: tuple[int, ...]) -> ov.Output:
    return opset13.transpose(value, np.array(order)).output(0)


def _reshaped(value: ov.Output, shape: list[int]) -> ov.Output:
    return opset13.reshape(value, np.array(shape), False).output(0)


def _value(constant: ov.Output) -> np.ndarray:
    """What is computed of constants alone, such as weights that are stored in fewer bits."""
    return folded(ov.Model([opset13.result(constant)], []).clone()).data
