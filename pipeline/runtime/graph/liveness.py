"""Liveness analysis: which activations of a graph are in memory at once, and how many bytes they take."""

import math
from collections.abc import Iterator

import openvino as ov

ELEMENT = 4  # bytes of one f32


def live_tensors(model: ov.Model) -> Iterator[tuple[ov.Node, list[ov.Output]]]:
    """Yield each operation that depends on the values of inputs, in order, with the tensors that are live after it.

    A tensor is live while a later operation reads its values. Operations that depend on shapes alone are left out.
    """
    live: dict[str, tuple[ov.Output, int]] = {}  # by key: a tensor, and how many operations have not read it yet
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


def max_live_bytes(static: ov.Model) -> float:
    """Return the bytes, in f32, of the largest set of tensors that are live at once in a model of static shapes."""
    elements: int = max(sum(math.prod(tensor.get_shape()) for tensor in live) for _, live in live_tensors(static))
    return elements * ELEMENT


def _key(value: ov.Output) -> str:
    return f"{value.get_node().get_friendly_name()}:{value.get_index()}"
