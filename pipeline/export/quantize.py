"""The quantisation of weights and activations to 8 bits: NNCF's post-training quantisation, with fixes around it."""

import numpy as np
import openvino as ov
from openvino import opset13
from openvino._offline_transformations import compress_quantize_weights_transformation

from .graph_pieces import weight
from .quiet import quiet_nncf


def quantize(model: ov.Model, calibration: list[dict[str, np.ndarray]]) -> ov.Model:
    """Return the model with 8-bit weights and activations.

    Layers listed by `_in_floating_point` have 8-bit weights only. `calibration` holds the model's inputs in real
    generations.
    """
    import nncf  # here, since its import takes seconds

    with quiet_nncf():
        quantized = nncf.quantize(
            model,
            nncf.Dataset(calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(calibration),
            ignored_scope=nncf.IgnoredScope(names=_in_floating_point(model), validate=False),
        )
        _leave_as_given(quantized, model)
        _store_in_8_bits(quantized)
        return nncf.compress_weights(quantized, mode=nncf.CompressWeightsMode.INT8_ASYM)


def _leave_as_given(quantized: ov.Model, given: ov.Model) -> None:
    """Undo NNCF's SmoothQuant for layers whose activations are not quantised.

    The scaling gains nothing there, and makes OpenVINO 2026.4 transpose the scaled tensors.
    """
    layers = {operation.get_friendly_name(): operation for operation in given.get_ops()}
    for operation in quantized.get_ordered_ops():
        scaled_weight = weight(operation)
        source = operation.input_value(0).get_node() if scaled_weight else None
        if scaled_weight and source and source.get_friendly_name().endswith("nncf_smooth_quant"):
            operation.input(0).replace_source_output(source.input_value(0))
            given_weight = weight(layers[operation.get_friendly_name()])
            assert given_weight
            as_given = given_weight.get_data(dtype=np.float32)
            scaled_weight.output(0).replace(opset13.constant(as_given, given_weight.get_element_type()).output(0))


def _store_in_8_bits(model: ov.Model) -> None:
    """Store quantised weights as 8-bit constants. NNCF does so only for weights that were f32."""
    for operation in model.get_ops():
        if operation.get_type_name() == "FakeQuantize":
            convert = operation.input_value(0).get_node()
            stored = convert.input_value(0).get_node() if convert.get_type_name() == "Convert" else convert
            if stored.get_type_name() == "Constant":
                f32 = opset13.constant(stored.get_data(dtype=np.float32))
                operation.input(0).replace_source_output(f32.output(0))
    compress_quantize_weights_transformation(model)


def _in_floating_point(model: ov.Model) -> list[str]:
    """Return the names of the operations that must compute in floating point.

    - Products of two activations, which are linear attention: its sums over all positions span too many orders of
      magnitude.
    - The transformer's layers whose input is not normalised, and the first and last layers.
    - Depthwise convolutions: they cost little, and quantised ones keep the output shape of the first call when the size
      changes (OpenVINO 2026.4 on CPUs).
    """
    names = []
    for operation in model.get_ordered_ops():
        name, kind = operation.get_friendly_name(), operation.get_type_name()
        product_of_activations = kind == "MatMul" and weight(operation) is None
        sensitive = kind in ("MatMul", "Convolution") and any(part in name for part in (*_EDGES, *_NOT_NORMALISED))
        if product_of_activations or sensitive or kind == "GroupConvolution":
            names.append(name)
    return names


_EDGES = ("patch_embed", "proj_out", "time_embed", "caption_projection", "coder.conv_in", "coder.conv_out")
# The layers after linear attention, after the gate, and on the text. With these in 8 bits, the miniature draws other
# things than the prompt says; its README has figures.
_NOT_NORMALISED = ("attn1.to_out", "attn2.to_out", "ff.point", "attn2.to_k", "attn2.to_v")
