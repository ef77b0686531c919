"""Looking into an OpenVINO graph."""

import openvino as ov


def weight(operation: ov.Node) -> ov.Node | None:
    """The constant weights that a layer multiplies by, found behind their decompression; None for other operations."""
    port = {"MatMul": 1, "Convolution": 1, "GroupConvolution": 1, "Gather": 0}.get(operation.get_type_name())
    if port is None:
        return None
    node = operation.input_value(port).get_node()
    while node.get_type_name() in ("Convert", "Multiply", "Subtract", "Reshape", "Transpose"):
        node = node.input_value(0).get_node()
    return node if node.get_type_name() == "Constant" else None
