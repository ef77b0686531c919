"""The analysis of an OpenVINO graph: the weights of its layers, and the model as a chain of pieces."""

import math
import re

import openvino as ov
from openvino import opset13

_BLOCK = re.compile(r"(?:layers|transformer_blocks)\.(\d+)/")  # names an operation of a block, not of its submodules


def weight(operation: ov.Node) -> ov.Node | None:
    """Return the constant that holds a layer's weights, before their decompression; None for other operations."""
    port = {"MatMul": 1, "Convolution": 1, "GroupConvolution": 1, "Gather": 0}.get(operation.get_type_name())
    if port is None:
        return None
    node = operation.input_value(port).get_node()
    while node.get_type_name() in ("Convert", "Multiply", "Subtract", "Reshape", "Transpose"):
        node = node.input_value(0).get_node()
    return node if node.get_type_name() == "Constant" else None


def pieces(model: ov.Model, max_weights: int) -> list[ov.Model]:
    """Split a model between its blocks into a chain of models of about `max_weights` weights each.

    Each piece has those inputs of the model that it needs. Every piece but the first also has the input "states", which
    takes the output of the piece before.
    """
    ends, weights = {}, 0
    for operation in model.get_ordered_ops():
        constant = weight(operation)
        weights += math.prod(constant.get_output_shape(0)) if constant is not None else 0
        block = _BLOCK.search(operation.get_friendly_name())
        if block and operation.get_type_name() == "Add":  # the last addition of a block is its output
            ends[int(block[1])] = operation.get_friendly_name()
    count = min(len(ends), math.ceil(weights / max_weights))
    chosen = [ends[index * len(ends) // count - 1] for index in range(1, count)]
    return [_between(model, start, end) for start, end in zip([None, *chosen], [*chosen, None], strict=True)]


def _between(model: ov.Model, start: str | None, end: str | None) -> ov.Model:
    copy = model.clone()
    nodes = {operation.get_friendly_name(): operation for operation in copy.get_ordered_ops()}
    results = copy.get_results() if end is None else [opset13.result(nodes[end].output(0))]
    inputs = copy.get_parameters()
    if start is not None:
        output = nodes[start].output(0)
        states = opset13.parameter(output.get_partial_shape(), output.get_element_type(), "states")
        output.replace(states.output(0))
        states.output(0).set_names({"states"})  # after `replace`, which adds the names of the replaced output
        inputs.append(states)
    piece = ov.Model(results, inputs).clone()  # a clone keeps only inputs and the operations that results depend on
    for parameter in piece.get_parameters():
        if not parameter.output(0).get_target_inputs():
            piece.remove_parameter(parameter)
    return piece
