"""Weight compression: the recipes as data, and NNCF applied to one model."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov

from ..artifacts import COMPONENTS
from .graph import weight
from .quantize import quantize
from .quiet import quiet_nncf


@dataclass(frozen=True)
class Precision:
    """How the weights of one component are stored, and the parity in dB that it must keep.

    `mode` is NNCF's CompressWeightsMode; None leaves the weights to be stored as f16. `group_size` weights of one
    row share a scale; None gives each row one. `activations` are quantised as well, to 8 bits, after calibration.
    """

    name: str
    floor: float
    mode: str | None = None
    group_size: int | None = None
    activations: bool = False


FP16 = Precision("fp16", floor=45)
INT8 = Precision("int8", floor=25, mode="int8_asym")
W8A8 = Precision("w8a8", floor=15, activations=True)
INT4 = Precision("int4", floor=12, mode="int4_sym", group_size=64)
MIN_GROUP_SIZE = 32

RECIPES = {
    "fp16": dict.fromkeys(COMPONENTS, FP16),
    "int8": dict.fromkeys(COMPONENTS, INT8),
    "int4": {**dict.fromkeys(COMPONENTS, INT8), "transformer": INT4},  # the OpenVINO notebook's
    "w8a8": {**dict.fromkeys(COMPONENTS, W8A8), "text_encoder": INT8},
}


def compress(
    model: ov.Model, precision: Precision, calibration: list[dict[str, np.ndarray]]
) -> tuple[ov.Model, dict[str, Any]]:
    """The model with compressed weights, and a record of it for the manifest: "weights" counts the layers by
    precision, "fallback" names those whose rows do not divide into groups and what they got instead.

    `calibration` is what the model was given in real generations; quantised activations are fitted to it.
    """
    record: dict[str, Any] = {"compression": precision.name}
    if precision.activations:
        return quantize(model, calibration), record
    if precision.mode is None:
        return model, record

    import nncf  # takes seconds, and fp16 does without

    indivisible = _indivisible(model, precision.group_size) if precision.group_size else []
    grouped: dict[str, Any] = {}
    if precision.group_size:
        # A smaller power of two where the rows divide into such groups, else 8 bits.
        fallback = nncf.AdvancedCompressionParameters(
            group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST, min_adjusted_group_size=MIN_GROUP_SIZE
        )
        grouped = {"group_size": precision.group_size, "ratio": 1.0, "advanced_parameters": fallback}
    with quiet_nncf():
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode(precision.mode), **grouped)
    stored = _stored_precisions(model)
    record["weights"] = dict(sorted(Counter(stored.values()).items()))
    record["fallback"] = {name: stored[name] for name in indivisible if name in stored}
    return model, record


def _indivisible(model: ov.Model, group_size: int) -> list[str]:
    """Names of the matrix multiplications by weights whose rows do not divide into groups."""
    names = []
    for operation in model.get_ops():
        constant = weight(operation)
        if operation.get_type_name() == "MatMul" and constant is not None:
            row = constant.get_output_shape(0)[-1 if operation.get_attributes()["transpose_b"] else -2]
            if row % group_size:
                names.append(operation.get_friendly_name())
    return names


def _stored_precisions(model: ov.Model) -> dict[str, str]:
    """Layer name to "u8" (a scale for each row) or, say, "i4 by 64" (a scale for each 64 weights)."""
    stored = {}
    for operation in model.get_ops():
        constant = weight(operation)
        if constant is None:
            continue
        element_type = constant.get_element_type().get_type_name()
        if element_type == "i4":
            stored[operation.get_friendly_name()] = f"i4 by {constant.get_output_shape(0)[-1]}"
        elif element_type in ("i8", "u8"):
            stored[operation.get_friendly_name()] = element_type
    return stored
