"""What several rewritings ask of a graph's operations."""

from collections.abc import Sequence

import openvino as ov
from openvino.utils.node_factory import NodeFactory

_FACTORY = NodeFactory("opset13")


def rebuilt(operation: ov.Node, inputs: Sequence[ov.Output]) -> ov.Output:
    """Return the output of the same operation, with the same attributes, on other inputs."""
    return _FACTORY.create(operation.get_type_name(), list(inputs), operation.get_attributes()).output(0)


def is_quantised(value: ov.Output) -> bool:
    """Return True if the value is rounded to few bits where it is made."""
    kind: str = value.get_node().get_type_name()
    return kind == "FakeQuantize"
