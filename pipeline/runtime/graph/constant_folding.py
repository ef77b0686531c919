"""Constant folding: what in a model depends on constants alone, or on shapes that are known."""

import numpy as np
import openvino as ov
from openvino import opset13
from openvino.passes import ConstantFolding, Manager


def fold_constants(model: ov.Model) -> ov.Node:
    """Fold a model in place; return the constant that its only result becomes."""
    passes = Manager()
    passes.register_pass(ConstantFolding())
    passes.run_passes(model)
    return model.get_results()[0].input_value(0).get_node()


def constant_value(output: ov.Output) -> np.ndarray:
    """Compute a value that depends on constants alone, such as weights that are stored in fewer bits."""
    value: np.ndarray = fold_constants(ov.Model([opset13.result(output)], []).clone()).data
    return value


def is_constant(output: ov.Output) -> bool:
    """Return True if the value is a constant, at most in another type or shape. Biases are such values."""
    operation = output.get_node()
    while operation.get_type_name() in ("Convert", "Reshape"):
        operation = operation.input_value(0).get_node()
    kind: str = operation.get_type_name()
    return kind == "Constant"


def fix_shapes(model: ov.Model, side: int | None = None) -> None:
    """Replace in place the operations that read a shape by that shape; all dynamic sizes, if there are any, are `side`.

    OpenVINO 2026.4 does not fold all of them.
    """
    for operation in model.get_ordered_ops():
        if operation.get_type_name() == "ShapeOf":
            sizes = [size.get_length() if size.is_static else side for size in operation.get_input_partial_shape(0)]
            operation.output(0).replace(opset13.constant(sizes, operation.get_output_element_type(0)).output(0))
