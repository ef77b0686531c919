"""Weights of matrix products as inputs of a model, so that OpenVINO keeps no copies of them in f32.

Of a constant of 16 bits, the CPU plugin of OpenVINO 2026.4 keeps a copy in f32: 8 GB of a text encoder whose weights
are 4 GB in its mapped file. An input is converted whenever it is used.
"""

import openvino as ov
from openvino import opset13

# Chosen: copies of fewer bytes fit everywhere, and a model without them starts from the compile cache.
MIN_BYTES = 0.5e9
_SHORT = (ov.Type.f16, ov.Type.bf16)

Weights = dict[str, ov.Tensor]


def take_weights_out(model: ov.Model) -> Weights:
    """Turn a model's 16-bit weights of matrix products into inputs, in place; return these inputs' values by name.

    The values are the model's own memory, such as the mapped file. A model of fewer than MIN_BYTES stays as it is.
    """
    found = [(product, constant) for product in model.get_ordered_ops() if (constant := _weights_of(product))]
    if sum(constant.get_byte_size() for _, constant in found) < MIN_BYTES:
        return {}
    weights: Weights = {}
    for product, constant in found:
        name, kind = f"weights_{len(weights)}", constant.get_element_type()
        taken = opset13.parameter(constant.get_output_shape(0), kind)
        taken.output(0).set_names({name})
        product.input(1).replace_source_output(opset13.convert(taken, "f32").output(0))
        model.add_parameters([taken])
        weights[name] = ov.Tensor(constant.data, constant.get_output_shape(0), kind)
    model.validate_nodes_and_infer_types()
    return weights


def _weights_of(operation: ov.Node) -> ov.op.Constant | None:
    """Return the 16-bit constant that a product multiplies by, or None."""
    if operation.get_type_name() != "MatMul":
        return None
    conversion = operation.input_value(1).get_node()
    source = conversion.input_value(0).get_node() if conversion.get_type_name() == "Convert" else None
    is_short = source is not None and source.get_type_name() == "Constant" and source.get_element_type() in _SHORT
    return source if is_short else None
