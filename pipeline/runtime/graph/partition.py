"""The partition of a convolutional network into a chain of segments.

A global segment needs its whole input at once. A local one can run in bands. The graph must have one input and one
output, and its grid of cells must become either finer, as in a decoder, or coarser, as in an encoder.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import openvino as ov

from .graph_split import split_graph
from .liveness import ELEMENT, live_tensors, max_live_bytes

# Cells along each side of the input during the analysis. Results are per cell, so any multiple of 32 would do: an
# encoder turns 32 cells into one.
SIDE = 64


@dataclass(frozen=True)
class Segment:
    """A part of the graph: a model, not compiled, from features f32 [1, C, h, w] to f32 [1, D, growth * h, growth * w].

    `growth` is below 1 if the segment makes the grid coarser. Its input must then be cut at multiples of `block` cells.
    An output cell depends on input cells at most `halo` away from its own. A halo of None means a global segment: an
    output cell depends on the whole input. Per cell of the input, `bytes_per_cell` of activations are live at once, and
    input and output take `held_per_cell`.
    """

    model: ov.Model
    growth: Fraction
    halo: int | None
    bytes_per_cell: float
    held_per_cell: float

    @property
    def block(self) -> int:
        """Return how many cells along a side of the input become one cell: 1 if the grid does not become coarser."""
        return self.growth.denominator

    @property
    def channels(self) -> int:
        """Return the number of channels of the input."""
        count: int = self.model.inputs[0].get_partial_shape()[1].get_length()
        return count

    def grown(self, cells: int) -> int:
        """Return the number of output cells for a number of input cells along a side."""
        return int(cells * self.growth)

    @property
    def input_name(self) -> str:
        name: str = self.model.inputs[0].get_any_name()
        return name


def partition(model: ov.Model, finely: bool = False) -> list[Segment]:
    """Cut a graph at each finer grid after its last global operation, and at each coarser grid before its first.

    A cut must lie where everything passes through one tensor. Global operations are those of linear attention, which
    sums over all positions; they are recognised as matrix products of two activations. With `finely`, there are more
    cuts on the finest grid that has linear attention: between it and the local layers there. They then take less memory
    and somewhat more time.
    """
    # The channels are read from a convolution, since the input's shape may be dynamic in every dimension.
    first_convolution = next(each for each in model.get_ordered_ops() if each.get_type_name() == "Convolution")
    channels = first_convolution.input_value(1).get_shape()[1]
    model = _reshaped(model, [1, channels, -1, -1])  # the segments take a batch of one
    segments: list[Segment] = []
    for cut in _find_cuts(_reshaped(model, [1, channels, SIDE, SIDE]), finely):
        first, model = split_graph(model, cut.end, cut.channels)
        segments.append(_describe(first))
    return [*segments, _describe(model)]


def _describe(model: ov.Model) -> Segment:
    channels = model.inputs[0].get_partial_shape()[1].get_length()
    static = _reshaped(model, [1, channels, SIDE, SIDE])
    _, output_channels, height, _ = static.outputs[0].get_shape()
    growth = Fraction(height, SIDE)
    dependent = _dependent(static)
    is_global = any(_is_product(operation, dependent) for operation in static.get_ops())
    return Segment(
        model=model,
        growth=growth,
        halo=None if is_global else math.ceil(_reach(static) / growth.denominator) * growth.denominator,
        bytes_per_cell=max_live_bytes(static) / SIDE**2,
        held_per_cell=ELEMENT * (channels + float(output_channels * growth**2)),
    )


def _reshaped(model: ov.Model, shape: list[int]) -> ov.Model:
    """Return a copy of the model for an input of that shape."""
    copy = model.clone()
    copy.reshape(ov.PartialShape(shape))
    return copy


@dataclass(frozen=True)
class _Link:
    """The operations between two neighbouring tensors that everything passes through.

    The second tensor is the output of the operation named `end`, with `channels` and `height`.
    """

    end: str
    channels: int
    height: int
    is_global: bool


def _find_cuts(static: ov.Model, finely: bool) -> list[_Link]:
    """Return the links after which to cut."""
    dependent = _dependent(static)
    links, is_global = [], False
    for operation, live in live_tensors(static):
        shape = operation.get_output_shape(0)
        is_global |= _is_product(operation, dependent)
        if len(live) == 1 and len(shape) == 4 and operation.get_type_name() != "Parameter":
            links.append(_Link(operation.get_friendly_name(), shape[1], shape[2], is_global))
            is_global = False
    globals_ = [index for index, link in enumerate(links) if link.is_global]
    first, last = (globals_[0], globals_[-1]) if globals_ else (len(links), 0)
    finest = max((links[index].height for index in globals_), default=0)
    cuts: dict[str, _Link] = {}
    for index, (link, following) in enumerate(pairwise(links)):
        apart = finely and link.height == following.height == finest and link.is_global != following.is_global
        if apart or (index >= last and link.height < following.height):
            cuts[link.end] = link
        elif index + 1 < first and link.height > following.height:
            cuts[following.end] = following
    return list(cuts.values())


def _dependent(model: ov.Model) -> set[str]:
    """Return the names of the operations that depend on the values of the input, not only on its shape."""
    return {operation.get_friendly_name() for operation, _ in live_tensors(model)}


def _is_product(operation: ov.Node, dependent: set[str]) -> bool:
    """Return True if the operation multiplies two matrices that both depend on the values of the input."""
    return operation.get_type_name() == "MatMul" and all(
        value.get_node().get_friendly_name() in dependent for value in operation.input_values()
    )


def _reach(local: ov.Model) -> float:
    """Return the distance, in cells of the input, over which an output cell of a local model can depend on the input.

    Each convolution adds half of its kernel, in cells of the grid that it reads.
    """
    reach: dict[str, float] = {}
    for operation, _ in live_tensors(local):
        known = [reach.get(value.get_node().get_friendly_name(), 0.0) for value in operation.input_values()]
        own = 0.0
        if operation.get_type_name() in ("Convolution", "GroupConvolution"):
            kernel = operation.input_value(1).get_shape()[-1]
            own = (kernel - 1) / 2 * SIDE / operation.get_input_shape(0)[2]
        reach[operation.get_friendly_name()] = max(known, default=0.0) + own
    return max(reach.values())
