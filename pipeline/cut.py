"""A decoder's graph as a chain of segments: some look at the whole picture, the local ones can run in bands.

Works on any decoder of one input and one output, ours or optimum-intel's, by what its operations do.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import openvino as ov
from openvino import opset13

from .constants import folded
from .liveness import ELEMENT, most_live_bytes, steps

SIDE = 16  # latent positions along each side while the graph is looked at


@dataclass(frozen=True)
class Segment:
    """A part of the decoder, not compiled: features f32 [1, C, h, w] to finer ones, or to pixels.

    One cell of its input becomes `growth` x `growth` cells, which depend on input cells at most `halo` away; a halo of
    None means on all of them. The segment holds `bytes_per_cell` of activations at once for each cell it is given, of
    which `held_per_cell` are its input and output.
    """

    model: ov.Model
    growth: int
    halo: int | None
    bytes_per_cell: float
    held_per_cell: float

    @property
    def input_name(self) -> str:
        return self.model.inputs[0].get_any_name()


def cut(model: ov.Model, finely: bool = False) -> list[Segment]:
    """Cuts where everything passes through one tensor, after the last linear attention, which sums over all positions
    (it is known by its products of two activations): before each finer grid.

    `finely` also cuts between the last grid's linear attention and the local layers among it, which then take less
    memory, and somewhat more time.
    """
    # an input's own shape may be dynamic in all
    first_convolution = next(each for each in model.get_ordered_ops() if each.get_type_name() == "Convolution")
    channels = first_convolution.input_value(1).get_shape()[1]
    model = _shaped(model, [1, channels, -1, -1])  # one picture at a time
    segments: list[Segment] = []
    for place, finer_channels in _places(_shaped(model, [1, channels, SIDE, SIDE]), finely):
        first, model = _split(model, place, finer_channels)
        segments.append(_segment(first))
    return [*segments, _segment(model)]


def _segment(model: ov.Model) -> Segment:
    channels = model.inputs[0].get_partial_shape()[1].get_length()
    static = _shaped(model, [1, channels, SIDE, SIDE])
    _, finer_channels, height, _ = static.outputs[0].get_shape()
    growth = height // SIDE
    dependent = _dependent(static)
    is_global = any(_is_product(operation, dependent) for operation in static.get_ops())
    return Segment(
        model=model,
        growth=growth,
        halo=None if is_global else _halo(static),
        bytes_per_cell=most_live_bytes(static) / SIDE**2,
        held_per_cell=ELEMENT * (channels + finer_channels * growth**2),
    )


def _shaped(model: ov.Model, shape: list[int]) -> ov.Model:
    """A copy for inputs of that shape."""
    copy = model.clone()
    copy.reshape(ov.PartialShape(shape))
    return copy


@dataclass(frozen=True)
class _Link:
    """What lies between two tensors that everything passes through; the second is the output of operation `end`."""

    end: str
    channels: int
    height: int
    is_global: bool


def _places(static: ov.Model, finely: bool) -> list[tuple[str, int]]:
    """The operations to cut after: name, and channels of the output."""
    dependent = _dependent(static)
    links, is_global = [], False
    for operation, live in steps(static):
        shape = operation.get_output_shape(0)
        is_global |= _is_product(operation, dependent)
        if len(live) == 1 and len(shape) == 4 and operation.get_type_name() != "Parameter":
            links.append(_Link(operation.get_friendly_name(), shape[1], shape[2], is_global))
            is_global = False
    last = max((index for index, link in enumerate(links) if link.is_global), default=0)
    places = []
    for index, (link, following) in enumerate(pairwise(links)):
        apart = finely and link.height == links[last].height and link.is_global != following.is_global
        if apart or (index >= last and link.height < following.height):
            places.append((link.end, link.channels))
    return places


def _dependent(model: ov.Model) -> set[str]:
    """Names of the operations that depend on the values of the input."""
    return {operation.get_friendly_name() for operation, _ in steps(model)}


def _is_product(operation: ov.Node, dependent: set[str]) -> bool:
    """Whether it multiplies matrices that both depend on the values of the input."""
    return operation.get_type_name() == "MatMul" and all(
        value.get_node().get_friendly_name() in dependent for value in operation.input_values()
    )


def _split(model: ov.Model, place: str, channels: int) -> tuple[ov.Model, ov.Model]:
    copy = model.clone()
    operations = copy.get_ordered_ops()
    node = next(operation for operation in operations if operation.get_friendly_name() == place)
    features = opset13.parameter(ov.PartialShape([1, channels, -1, -1]), node.get_output_element_type(0), "features")
    features.output(0).set_names({"features"})
    first = ov.Model([opset13.result(node.output(0))], copy.get_parameters(), f"decoder until {place}")
    before, after = {parameter.get_friendly_name() for parameter in copy.get_parameters()}, {place}
    for operation in operations:
        sources = [value.get_node().get_friendly_name() for value in operation.input_values()]
        if operation is not node and not after.isdisjoint(sources):
            after.add(operation.get_friendly_name())
            for reader in operation.inputs():
                source = reader.get_source_output()
                if source.get_node().get_friendly_name() in before - after:
                    reader.replace_source_output(_known(source, copy.get_parameters()).output(0))
        elif not before.isdisjoint(sources):
            before.add(operation.get_friendly_name())
    for reader in node.output(0).get_target_inputs():
        if reader.get_node().get_type_name() != "Result":
            reader.replace_source_output(features.output(0))
    return first, ov.Model(copy.get_results(), [features], f"decoder from {place}")


def _known(value: ov.Output, parameters: list[ov.Node]) -> ov.Node:
    """The constant that a value computed from shapes alone comes to: exporters share one picture's batch size, 1,
    between all operations. Only what is computed of the shapes is folded, never a weight."""
    copy = ov.Model([opset13.result(value)], parameters).clone()
    shapes = []
    for operation in copy.get_ordered_ops():
        if operation.get_type_name() == "ShapeOf":
            source = operation.input_value(0)
            shapes.append(opset13.parameter(source.get_partial_shape(), source.get_element_type()))
            operation.input(0).replace_source_output(shapes[-1].output(0))
    return folded(ov.Model(copy.get_results(), shapes))


def _halo(local: ov.Model) -> int:
    """Cells of the input that an output pixel may depend on, in one direction: each convolution adds half its kernel,
    counted in pixels of its own resolution."""
    reach: dict[str, float] = {}
    for operation, _ in steps(local):
        known = [reach.get(value.get_node().get_friendly_name(), 0.0) for value in operation.input_values()]
        own = 0.0
        if operation.get_type_name() in ("Convolution", "GroupConvolution"):
            kernel = operation.input_value(1).get_shape()[-1]
            own = (kernel - 1) / 2 * SIDE / operation.get_output_shape(0)[2]
        reach[operation.get_friendly_name()] = max(known, default=0.0) + own
    return math.ceil(max(reach.values()))
