"""A decoder's graph in two: what looks at the whole picture, and the local rest, which can run in bands.

Works on any decoder of one input and one output, ours or optimum-intel's, by what its operations do.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import openvino as ov
from openvino import opset13
from openvino.passes import ConstantFolding, Manager

SIDE = 16  # latent positions along each side while the graph is looked at
_ELEMENT = 4  # bytes of an f32


@dataclass(frozen=True)
class CutDecoder:
    """`head` (latents to features, None where all is local) and `tail` (features to pixels), not compiled.

    One cell of the features becomes `pixels` x `pixels` pixels, which depend on cells at most `halo` away. The tail
    holds `bytes_per_cell` of activations at once for each cell that it is given.
    """

    head: ov.Model | None
    tail: ov.Model
    pixels: int
    halo: int
    bytes_per_cell: float


def cut(model: ov.Model) -> CutDecoder:
    """Cuts after the last product of two activations (linear attention sums over all positions), at the last point
    through which everything passes before the resolution grows."""
    name = model.inputs[0].get_any_name()
    channels = model.inputs[0].get_partial_shape()[1].get_length()
    model = _shaped(model, name, [1, channels, -1, -1])  # one picture at a time
    place = _place(_shaped(model, name, [1, channels, SIDE, SIDE]))
    head, tail = (None, model) if place is None else _split(model, place)
    features = tail.inputs[0].get_partial_shape()[1].get_length()
    local = _shaped(tail, tail.inputs[0].get_any_name(), [1, features, SIDE, SIDE])
    pixels = local.outputs[0].get_shape()[2] // SIDE
    return CutDecoder(head, tail, pixels, _halo(local), _most_live_bytes(local) / SIDE**2)


def _shaped(model: ov.Model, name: str, shape: list[int]) -> ov.Model:
    """A copy for inputs of that shape."""
    copy = model.clone()
    copy.reshape({name: ov.PartialShape(shape)})
    return copy


def _steps(model: ov.Model) -> Iterator[tuple[ov.Node, list[ov.Output]]]:
    """Each operation that depends on the input's values, in order, with the tensors that are live after it: those which
    later operations still read. What only depends on shapes is passed over."""
    live: dict[str, tuple[ov.Output, int]] = {}
    for operation in model.get_ordered_ops():
        sources = [value for value in operation.input_values() if _key(value) in live]
        if operation.get_type_name() == "ShapeOf" or (operation.get_type_name() != "Parameter" and not sources):
            continue
        for value in sources:
            tensor, readers = live[_key(value)]
            live[_key(value)] = (tensor, readers - 1)
        for value in operation.outputs():
            reading = [reader.get_node().get_type_name() != "ShapeOf" for reader in value.get_target_inputs()]
            live[_key(value)] = (value, sum(reading))
        live = {key: entry for key, entry in live.items() if entry[1] > 0}
        yield operation, [tensor for tensor, _ in live.values()]


def _key(value: ov.Output) -> str:
    return f"{value.get_node().get_friendly_name()}:{value.get_index()}"


def _place(static: ov.Model) -> str | None:
    """Name of the operation to cut after; None where no operation looks at the whole picture."""
    steps = list(_steps(static))
    dependent = {operation.get_friendly_name() for operation, _ in steps}
    products = [
        index
        for index, (operation, _) in enumerate(steps)
        if operation.get_type_name() == "MatMul"
        and all(value.get_node().get_friendly_name() in dependent for value in operation.input_values())
    ]
    if not products:
        return None
    place, height = None, None
    for operation, live in steps[products[-1] :]:
        shape = list(operation.get_output_shape(0))
        if len(live) > 1 or len(shape) != 4:
            continue
        if height is not None and shape[2] > height:
            break
        place, height = operation.get_friendly_name(), shape[2]
    return place


def _split(model: ov.Model, place: str) -> tuple[ov.Model, ov.Model]:
    copy = model.clone()
    operations = copy.get_ordered_ops()
    node = next(operation for operation in operations if operation.get_friendly_name() == place)
    shape = node.get_output_partial_shape(0)
    features = opset13.parameter(ov.PartialShape([1, shape[1], -1, -1]), node.get_output_element_type(0), "features")
    features.output(0).set_names({"features"})
    head = ov.Model([opset13.result(node.output(0))], copy.get_parameters(), "head")
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
    return head, ov.Model(copy.get_results(), [features], "tail")


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
    folded = ov.Model(copy.get_results(), shapes)
    passes = Manager()
    passes.register_pass(ConstantFolding())
    passes.run_passes(folded)
    return folded.get_results()[0].input_value(0).get_node()


def _halo(local: ov.Model) -> int:
    """Cells of the input that an output pixel may depend on, in one direction: each convolution adds half its kernel,
    counted in pixels of its own resolution."""
    reach: dict[str, float] = {}
    for operation, _ in _steps(local):
        known = [reach.get(value.get_node().get_friendly_name(), 0.0) for value in operation.input_values()]
        own = 0.0
        if operation.get_type_name() in ("Convolution", "GroupConvolution"):
            kernel = operation.input_value(1).get_shape()[-1]
            own = (kernel - 1) / 2 * SIDE / operation.get_output_shape(0)[2]
        reach[operation.get_friendly_name()] = max(known, default=0.0) + own
    return math.ceil(max(reach.values()))


def _most_live_bytes(local: ov.Model) -> float:
    return max(sum(math.prod(tensor.get_shape()) for tensor in live) for _, live in _steps(local) if live) * _ELEMENT
