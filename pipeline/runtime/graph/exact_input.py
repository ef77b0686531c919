"""An input that a model reads in f32, although it computes in a coarser precision."""

import openvino as ov

_PRODUCTS = ("MatMul", "Convolution", "GroupConvolution")


def keep_exact(model: ov.Model, name: str) -> None:
    """Let OpenVINO compute all that becomes of the input `name`, up to the products by weights, in f32; in place.

    In bf16, a timestep of 915.99 would become 916, and its sine another number. The CPU plugin of OpenVINO 2026.4
    computes in f32 what lies between an output and the products before it, so the inputs of these products become
    outputs, after the model's own.
    """
    found, seen = [], {name}
    waiting = [reader.get_node() for reader in model.input(name).get_node().output(0).get_target_inputs()]
    while waiting:
        operation = waiting.pop()
        if operation.get_friendly_name() in seen:
            continue
        seen.add(operation.get_friendly_name())
        if operation.get_type_name() in _PRODUCTS:
            found.append(operation.input_value(0))
        else:
            waiting += [reader.get_node() for out in operation.outputs() for reader in out.get_target_inputs()]
    model.add_outputs(found)
