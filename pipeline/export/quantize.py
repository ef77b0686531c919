"""Activations in 8 bits: NNCF's post-training quantisation, calibrated on real generations."""

import contextlib
import io
import logging

import numpy as np
import openvino as ov


def quantize(model: ov.Model, calibration: list[dict[str, np.ndarray]]) -> ov.Model:
    """The model with 8-bit weights and activations, but for what stays in floating point (`_kept`)."""
    import nncf  # takes seconds

    nncf.set_log_level(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
        return nncf.quantize(
            model,
            nncf.Dataset(calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(calibration),
            ignored_scope=nncf.IgnoredScope(names=_kept(model), validate=False),
        )


def _kept(model: ov.Model) -> list[str]:
    """Names of the operations that stay in floating point: products of two activations, which are linear attention
    (its sums over all positions span too many orders of magnitude), and the first and last layers."""
    names = []
    for operation in model.get_ordered_ops():
        if operation.get_type_name() != "MatMul" and operation.get_type_name() != "Convolution":
            continue
        name = operation.get_friendly_name()
        if not _multiplies_weights(operation) or any(part in name for part in _EDGES):
            names.append(name)
    return names


_EDGES = ("patch_embed", "proj_out", "time_embed", "caption_projection", "decoder.conv_in", "decoder.conv_out")


def _multiplies_weights(operation: ov.Node) -> bool:
    node = operation.input_value(1).get_node()
    while node.get_type_name() in ("Convert", "Multiply", "Subtract", "Reshape", "Transpose"):
        node = node.input_value(0).get_node()
    return node.get_type_name() == "Constant"
