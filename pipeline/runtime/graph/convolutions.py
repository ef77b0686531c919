"""The rewriting of a graph's large convolutions into forms that OpenVINO computes faster on CPUs."""

import openvino as ov

from .early_split import split_early
from .filter_split import split_filters
from .shortcut_folding import fold_shortcuts
from .winograd import TILE
from .winograd_phases import use_winograd

__all__ = ["TILE", "rewrite_convolutions"]


def rewrite_convolutions(model: ov.Model, beats_8_bit: bool = False) -> None:
    """Rewrite a model of static shapes in place. Its outputs change only by rounding.

    Fewer activations are rounded to 8 bits than the model asks for if the forms that need them exact are faster than
    8-bit convolutions (`beats_8_bit`).
    """
    fold_shortcuts(model, beats_8_bit)
    use_winograd(model, beats_8_bit)
    split_early(model)
    split_filters(model)
