"""How much memory the activations of a graph take at once."""

import math
from collections.abc import Iterator

import openvino as ov

ELEMENT = 4  # bytes of an f32


def steps(model: ov.Model) -> Iterator[tuple[ov.Node, list[ov.Output]]]:
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


def most_live_bytes(static: ov.Model) -> float:
    """Bytes of the largest set of tensors that are live at once, in f32; of a model of fixed shapes."""
    return max(sum(math.prod(tensor.get_shape()) for tensor in live) for _, live in steps(static) if live) * ELEMENT


def _key(value: ov.Output) -> str:
    return f"{value.get_node().get_friendly_name()}:{value.get_index()}"
