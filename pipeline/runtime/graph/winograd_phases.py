"""The rewriting of a graph's large 3x3 convolutions to Winograd's filtering, with features kept in phases between them.

Operations that act on each cell alone are the same on phases, so features are only converted where other operations
need them.
"""

import math

import numpy as np
import openvino as ov
from openvino import opset13

from .constant_folding import constant_value, fix_shapes
from .operations import is_quantised
from .phases import FIRST, LAST, TO_FIRST, TO_LAST, from_phases, reshape, to_phases
from .winograd import TILE, winograd_convolution

# Smaller convolutions stay direct. By `python -m tests.benchmark --tuning` on a CPU with AVX512-BF16, Winograd's
# filtering is 1.7 to 3.6 times as fast from 128 channels on, in f32 and bf16; at 64 it is 1.2 to 1.6 times.
MIN_CHANNELS = 128  # in and out; at 64, what a picture gains is a twentieth of what compiling the transforms takes
MIN_TILES = 1  # per channel; with fewer, the transforms of the filters take longer than some pictures gain
MIN_FLOP = 1e10  # with fewer, compiling the transforms (0.2 s) takes longer than some pictures gain
_CELLWISE = {"Add", "Convert", "Divide", "Multiply", "Power", "Relu", "Sqrt", "Subtract", "Swish"}


def use_winograd(model: ov.Model, beats_8_bit: bool = False) -> None:
    """Rewrite in place the large 3x3 convolutions of a model of static shapes.

    Convolutions stay as they are if their feature map is not of whole tiles. Those of quantised activations do as well,
    unless Winograd's filtering `beats_8_bit` convolutions on this machine: then their activations are not quantised.
    """
    fix_shapes(model)
    if beats_8_bit:
        _skip_quantisation(model)
    channels: dict[ov.Output, int] = {}  # the axis of the channels in the feature map, by output in phases
    operations = model.get_ordered_ops()
    large = [
        index for index, each in enumerate(operations) if _is_large(each) and not is_quantised(each.input_value(0))
    ]
    for index, operation in enumerate(operations):
        sources = operation.input_values()
        if index in large:
            phases = sources[0] if sources[0] in channels else _smallest_phases(sources[0])
            output = winograd_convolution(phases, constant_value(sources[1]))
            operation.output(0).replace(output)
            channels[output] = FIRST
        elif not channels.keys().isdisjoint(sources):
            axis = _channels_after(operation, channels, converts=index < large[-1])
            if axis is None:
                for port, source in zip(operation.inputs(), sources, strict=True):
                    if source in channels:
                        port.replace_source_output(from_phases(source, channels[source]))
            else:
                _adapt(operation, channels)
                channels[operation.output(0)] = axis
            operation.validate_and_infer_types()
    model.validate_nodes_and_infer_types()


def _is_large(operation: ov.Node) -> bool:
    """Return True if the operation is a convolution that Winograd's filtering can compute, and that is large enough."""
    if operation.get_type_name() != "Convolution":
        return False
    weights = operation.input_value(1)
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
    )


def _skip_quantisation(model: ov.Model) -> None:
    """Let large 3x3 convolutions read their activations as they are before these are quantised."""
    for operation in model.get_ordered_ops():
        if _is_large(operation) and is_quantised(operation.input_value(0)):
            operation.input(0).replace_source_output(operation.input_value(0).get_node().input_value(0))


def _smallest_phases(features: ov.Output) -> ov.Output:
    """Return the phases of a convolution's input, or of the smaller feature map that the input was upsampled from."""
    upsampling = features.get_node()
    if _doubles(upsampling):
        return to_phases(upsampling.input_value(0), FIRST, TILE // 2)
    return to_phases(features, FIRST)


def _doubles(operation: ov.Node) -> bool:
    """Return True if the operation is an upsampling that repeats each cell twice in rows and in columns."""
    if operation.get_type_name() != "Interpolate":
        return False
    attributes = operation.get_attributes()
    how = [attributes[name] for name in ("mode", "coordinate_transformation_mode", "nearest_mode")]
    small, large = operation.get_input_shape(0), operation.get_output_shape(0)
    return how == ["nearest", "asymmetric", "floor"] and list(large) == [*small[:2], *(2 * side for side in small[2:])]


def _channels_after(operation: ov.Node, channels: dict[ov.Output, int], converts: bool) -> int | None:
    """Return the axis of the output's channels in the feature map if the operation is to act on phases, else None.

    Features that are not in phases are only converted to them if `converts`: it pays if a convolution follows.
    """
    sources = operation.input_values()
    first = next(source for source in sources if source in channels)
    axis, kind = channels[first], operation.get_type_name()
    if kind == "Transpose":
        order = tuple(constant_value(sources[1]))
        return {(FIRST, TO_LAST): LAST, (LAST, TO_FIRST): FIRST}.get((axis, order))
    if kind == "ReduceMean" and operation.get_attributes()["keep_dims"]:
        return axis if [each % 4 for each in np.ravel(constant_value(sources[1]))] == [axis] else None
    whole = [TILE * side for side in first.get_shape()[1:3]]
    others = [source for source in sources if source not in channels]
    fits = all(
        _spatial_shape(source, axis) == (whole if converts and _varies_spatially(source, axis) else [1, 1])
        for source in others
    )
    return axis if kind in _CELLWISE and fits else None


def _adapt(operation: ov.Node, channels: dict[ov.Output, int]) -> None:
    """Change the inputs of an operation that acts on features so that it does the same on phases."""
    fixed = {"Transpose": np.arange(4), "ReduceMean": np.array([LAST])}.get(operation.get_type_name())
    if fixed is not None:  # the channels are last already
        operation.input(1).replace_source_output(opset13.constant(fixed).output(0))
        return
    axis = next(channels[source] for source in operation.input_values() if source in channels)
    for port in operation.inputs():
        source = port.get_source_output()
        size = math.prod(source.get_shape())
        if source in channels or size == 1:
            continue
        if _varies_spatially(source, axis):
            port.replace_source_output(to_phases(source, axis))
        else:  # the same for all cells
            port.replace_source_output(reshape(source, [1, 1, 1, size]))


def _varies_spatially(value: ov.Output, axis: int) -> bool:
    """Return True if the value varies over height or width (is not broadcast); `axis` is that of its channels."""
    return len(value.get_shape()) == 4 and _spatial_shape(value, axis) != [1, 1]


def _spatial_shape(value: ov.Output, axis: int) -> list[int]:
    """Return height and width of a value after broadcasting it to 4 axes; `axis` is that of its channels."""
    shape = [1, 1, 1, 1, *value.get_shape()][-4:]
    return [length for place, length in enumerate(shape) if place not in (0, axis)]
