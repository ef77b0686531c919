"""The rewriting of a graph's large 3x3 convolutions to Winograd's filtering, with features kept in phases between them.

Phases are [16, C, H/4, W/4], with the cell (4y + i, 4x + j) of a feature map at [4i + j, :, y, x]. Operations that act
on each cell alone are the same on phases, so features are only converted where other operations need them.
"""

import numpy as np
import openvino as ov
from openvino import opset13

from .constant_folding import fold_constants
from .winograd import TILE, winograd_convolution

# Smaller convolutions stay direct. These are round numbers; the timings that led to them are not recorded.
MIN_CHANNELS = 128  # in and out; with fewer, the transforms of the features take longer than the saved products
MIN_TILES = 1  # per channel; with fewer, the transforms of the filters take longer than the saved products
MIN_FLOP = 1e10  # with fewer, compiling the transforms takes longer than they save
_CELLWISE = {"Add", "Convert", "Divide", "Multiply", "Power", "Relu", "Sqrt", "Subtract", "Swish"}
_FIRST, _LAST = 1, 3  # the axes that channels can be on
_TO_FIRST, _TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def use_winograd(model: ov.Model) -> None:
    """Rewrite in place the large 3x3 convolutions of a model of static shapes.

    Convolutions stay as they are if their activations are quantised, or if their feature map is not of whole tiles.
    """
    channels: dict[ov.Output, int] = {}  # the axis of the channels, by output in phases
    for operation in model.get_ordered_ops():
        sources = operation.input_values()
        if _pays(operation):
            phases = sources[0] if sources[0] in channels else _smallest_phases(sources[0])
            output = winograd_convolution(phases, _constant_value(sources[1]))
            operation.output(0).replace(output)
            channels[output] = _FIRST
        elif not channels.keys().isdisjoint(sources):
            axis = _channels_after(operation, channels)
            for port, source in zip(operation.inputs(), sources, strict=True):
                if axis is None and source in channels:
                    port.replace_source_output(_from_phases(source, channels[source]))
                elif axis is not None and source not in channels and _varies_spatially(source, axis):
                    port.replace_source_output(_to_phases(source, axis, TILE))
            operation.validate_and_infer_types()
            if axis is not None:
                channels[operation.output(0)] = axis
    model.validate_nodes_and_infer_types()


def _pays(operation: ov.Node) -> bool:
    """Return True if the operation is a convolution that Winograd's filtering can compute faster."""
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
        and min(filters, channels) >= MIN_CHANNELS
        and height * width >= MIN_TILES * TILE**2 * max(filters, channels)
        and 2 * 9 * filters * channels * height * width >= MIN_FLOP
        and features.get_node().get_type_name() != "FakeQuantize"
    )


def _smallest_phases(features: ov.Output) -> ov.Output:
    """Return the phases of a convolution's input, or of the smaller feature map that the input was upsampled from."""
    upsampling = features.get_node()
    if _doubles(upsampling):
        return _to_phases(upsampling.input_value(0), _FIRST, TILE // 2)
    return _to_phases(features, _FIRST, TILE)


def _doubles(operation: ov.Node) -> bool:
    """Return True if the operation is an upsampling that repeats each cell twice in rows and in columns."""
    if operation.get_type_name() != "Interpolate":
        return False
    attributes = operation.get_attributes()
    how = [attributes[name] for name in ("mode", "coordinate_transformation_mode", "nearest_mode")]
    small, large = operation.get_input_shape(0), operation.get_output_shape(0)
    return how == ["nearest", "asymmetric", "floor"] and list(large) == [*small[:2], *(2 * side for side in small[2:])]


def _channels_after(operation: ov.Node, channels: dict[ov.Output, int]) -> int | None:
    """Return the axis of the output's channels if the operation can stay as it is on phases, else None."""
    sources = operation.input_values()
    first = next(source for source in sources if source in channels)
    axis, kind = channels[first], operation.get_type_name()
    if kind == "Transpose":
        order = tuple(_constant_value(sources[1]))
        return {(_FIRST, _TO_LAST): _LAST, (_LAST, _TO_FIRST): _FIRST}.get((axis, order))
    if kind == "ReduceMean" and operation.get_attributes()["keep_dims"]:
        return axis if [each % 4 for each in np.ravel(_constant_value(sources[1]))] == [axis] else None
    whole = [TILE * side for side in _spatial_shape(first, axis)]
    others = [source for source in sources if source not in channels]
    fits = all(
        _spatial_shape(source, axis) == (whole if _varies_spatially(source, axis) else [1, 1]) for source in others
    )
    return axis if kind in _CELLWISE and fits else None


def _varies_spatially(value: ov.Output, axis: int) -> bool:
    """Return True if the value varies over height or width (is not broadcast); `axis` is that of its channels."""
    return len(value.get_shape()) == 4 and _spatial_shape(value, axis) != [1, 1]


def _spatial_shape(value: ov.Output, axis: int) -> list[int]:
    """Return height and width of a value after broadcasting it to 4 axes; `axis` is that of its channels."""
    shape = [1, 1, 1, 1, *value.get_shape()][-4:]
    return [length for place, length in enumerate(shape) if place not in (0, axis)]


def _to_phases(features: ov.Output, axis: int, side: int) -> ov.Output:
    """Return the phases [side * side, C, H/side, W/side] of features [1, C, H, W], or the same with channels last."""
    if axis == _LAST:
        return _transpose(_to_phases(_transpose(features, _TO_FIRST), _FIRST, side), _TO_LAST)
    _, channels, height, width = features.get_shape()
    height, width = height // side, width // side
    apart = _reshape(features, [channels, height, side, width, side])
    return _reshape(_transpose(apart, (2, 4, 0, 1, 3)), [side**2, channels, height, width])


def _from_phases(phases: ov.Output, axis: int) -> ov.Output:
    """Return the features [1, C, H, W] of phases [16, C, H/4, W/4], or the same with channels last."""
    if axis == _LAST:
        return _transpose(_from_phases(_transpose(phases, _TO_FIRST), _FIRST), _TO_LAST)
    _, channels, height, width = phases.get_shape()
    apart = _reshape(phases, [TILE, TILE, channels, height, width])
    return _reshape(_transpose(apart, (2, 3, 0, 4, 1)), [1, channels, height * TILE, width * TILE])


def _transpose(value: ov.Output, order: tuple[int, ...]) -> ov.Output:
    return opset13.transpose(value, np.array(order)).output(0)


def _reshape(value: ov.Output, shape: list[int]) -> ov.Output:
    return opset13.reshape(value, np.array(shape), False).output(0)


def _constant_value(constant: ov.Output) -> np.ndarray:
    """Compute a value that depends on constants alone, such as weights that are stored in fewer bits."""
    value: np.ndarray = fold_constants(ov.Model([opset13.result(constant)], []).clone()).data
    return value
