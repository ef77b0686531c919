"""Looking into an OpenVINO graph, and taking it apart."""

import math

import openvino as ov

from ..blocks import between, block_ends


def weight(operation: ov.Node) -> ov.Node | None:
    """The constant weights that a layer multiplies by, found behind their decompression; None for other operations."""
    port = {"MatMul": 1, "Convolution": 1, "GroupConvolution": 1, "Gather": 0}.get(operation.get_type_name())
    if port is None:
        return None
    node = operation.input_value(port).get_node()
    while node.get_type_name() in ("Convert", "Multiply", "Subtract", "Reshape", "Transpose"):
        node = node.input_value(0).get_node()
    return node if node.get_type_name() == "Constant" else None


def pieces(model: ov.Model, most_weights: int) -> list[ov.Model]:
    """The model as a chain of models, cut between blocks so that each holds about `most_weights` weights."""
    constants = [constant for operation in model.get_ordered_ops() if (constant := weight(operation)) is not None]
    weights = sum(math.prod(constant.get_output_shape(0)) for constant in constants)
    ends = block_ends(model)
    count = min(len(ends), math.ceil(weights / most_weights))
    chosen = [ends[index * len(ends) // count - 1] for index in range(1, count)]
    return [between(model, start, end) for start, end in zip([None, *chosen], [*chosen, None], strict=True)]
