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


def fix_shapes(model: ov.Model) -> None:
    """Replace in place, in a model of static shapes, the operations that read a shape by that shape."""
    for operation in model.get_ordered_ops():
        if operation.get_type_name() == "ShapeOf":
            shape = np.array(operation.get_input_shape(0), operation.get_output_element_type(0).to_dtype())
            operation.output(0).replace(opset13.constant(shape).output(0))
