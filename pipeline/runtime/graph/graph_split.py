"""The split of a graph in two, at the output of one operation."""

import numpy as np
import openvino as ov
from openvino import opset13

from .constant_folding import fix_shapes, fold_constants


def split_graph(model: ov.Model, name: str, channels: int) -> tuple[ov.Model, ov.Model]:
    """Return two models: up to the output of the operation `name`, and from that output on. Do not change `model`.

    The output [1, `channels`, h, w] must be the only tensor that passes from the first to the second. It becomes the
    second model's input "features".
    """
    copy = model.clone()
    operations = copy.get_ordered_ops()
    node = next(operation for operation in operations if operation.get_friendly_name() == name)
    features = opset13.parameter(ov.PartialShape([1, channels, -1, -1]), node.get_output_element_type(0), "features")
    before, after = {parameter.get_friendly_name() for parameter in copy.get_parameters()}, {name}
    for operation in operations:
        sources = [value.get_node().get_friendly_name() for value in operation.input_values()]
        if operation is not node and not after.isdisjoint(sources):
            after.add(operation.get_friendly_name())
            for reader in operation.inputs():
                source = reader.get_source_output()
                if source.get_node().get_friendly_name() in before - after:
                    reader.replace_source_output(_fold_shapes(source, copy.get_parameters()).output(0))
        elif not before.isdisjoint(sources):
            before.add(operation.get_friendly_name())
    node.output(0).replace(features.output(0))
    features.output(0).set_names({"features"})  # after `replace`, which adds the names of the replaced output
    first = ov.Model([opset13.result(node.output(0))], copy.get_parameters(), f"graph until {name}")
    return first, ov.Model(copy.get_results(), [features], f"graph from {name}")


def _fold_shapes(value: ov.Output, parameters: list[ov.Node]) -> ov.Node:
    """Return the constant that a value becomes, which is computed from shapes alone.

    Exporters share such values between all operations, for example the batch size of 1. Weights must not be folded,
    since they would become f32.
    """
    first, second = (_fold_for(value, parameters, side) for side in (64, 96))
    if not np.array_equal(first.data, second.data):
        raise ValueError(f"{value.get_node().get_friendly_name()} depends on the size of the input")
    return first


def _fold_for(value: ov.Output, parameters: list[ov.Node], side: int) -> ov.Node:
    """Return the constant that the value becomes if all dynamic sizes are `side`."""
    copy = ov.Model([opset13.result(value)], parameters).clone()
    fix_shapes(copy, side)
    return fold_constants(ov.Model(copy.get_results(), []))
