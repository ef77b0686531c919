"""Weight compression of one model with NNCF, by a recipe."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import openvino as ov

from .compression_recipes import CompressionRecipe
from .graph_pieces import weight
from .quantize import quantize
from .quiet import quiet_nncf

MIN_GROUP_SIZE = 32  # weights that share a scale; chosen: smaller groups have more scales, and save less over 8 bits
# Bytes of weights. Measured with three parts of the miniature (AMD EPYC, AVX2): NNCF compiles a model for each weight,
# 11 s of processor time, where NumPy takes 2.5 s for the same bytes. Chosen: far below the models that it was made for.
SMALL = 100_000_000
PLAIN = "NNCF_DISABLE_OPTIMIZED_COMPRESSION"  # NNCF's own switch: set or not


def compress(
    model: ov.Model, recipe: CompressionRecipe, calibration: list[dict[str, np.ndarray]]
) -> tuple[ov.Model, dict[str, Any]]:
    """Return the model with compressed weights, and a record of the compression for the manifest.

    `calibration` holds the model's inputs in real generations. A recipe with 8-bit activations is calibrated on them.
    The record's "weights" counts the layers by the type of their weights. Its "fallback" maps the names of layers whose
    rows do not divide into groups to the type that they got instead.
    """
    record: dict[str, Any] = {"compression": recipe.name}
    if recipe.activations:
        return quantize(model, calibration), record
    if recipe.mode is None:
        return model, record

    import nncf  # here, since its import takes seconds and fp16 does not need it

    indivisible = _indivisible(model, recipe.group_size) if recipe.group_size else []
    grouped: dict[str, Any] = {}
    if recipe.group_size:
        # Rows that do not divide into groups get a smaller power of two as group size, or else 8 bits.
        fallback = nncf.AdvancedCompressionParameters(
            group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST, min_adjusted_group_size=MIN_GROUP_SIZE
        )
        grouped = {"group_size": recipe.group_size, "ratio": 1.0, "advanced_parameters": fallback}
    with quiet_nncf(), _without_compiling(model):
        model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode(recipe.mode), **grouped)
    stored = _stored_types(model)
    record["weights"] = dict(sorted(Counter(stored.values()).items()))
    record["fallback"] = {name: stored[name] for name in indivisible if name in stored}
    return model, record


@contextmanager
def _without_compiling(model: ov.Model) -> Iterator[None]:
    """Let NNCF compute the weights of a small model with NumPy."""
    constants = (each for each in model.get_ops() if each.get_type_name() == "Constant")
    is_small = sum(each.get_byte_size() for each in constants) < SMALL
    if not is_small or PLAIN in os.environ:  # a switch that the user has set stays
        yield
        return
    os.environ[PLAIN] = "1"
    try:
        yield
    finally:
        del os.environ[PLAIN]


def _indivisible(model: ov.Model, group_size: int) -> list[str]:
    """Return the names of the MatMul layers whose rows of weights do not divide into groups."""
    names = []
    for operation in model.get_ops():
        constant = weight(operation)
        if operation.get_type_name() == "MatMul" and constant is not None:
            row = constant.get_output_shape(0)[-1 if operation.get_attributes()["transpose_b"] else -2]
            if row % group_size:
                names.append(operation.get_friendly_name())
    return names


def _stored_types(model: ov.Model) -> dict[str, str]:
    """Map layer names to the type of their weights: "u8" (a scale per row), or "i4 by 64" (a scale per 64 weights)."""
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
