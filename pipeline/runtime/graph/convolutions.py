"""The rewriting of a graph's large convolutions into forms that OpenVINO computes faster on CPUs."""

import openvino as ov

from .filter_split import split_filters
from .winograd import TILE
from .winograd_phases import use_winograd

__all__ = ["TILE", "rewrite_convolutions"]


def rewrite_convolutions(model: ov.Model, winograd_beats_8_bit: bool = False) -> None:
    """Rewrite a model of static shapes in place. Its outputs change only by rounding.

    If `winograd_beats_8_bit`, fewer activations are rounded to 8 bits than the model asks for.
    """
    use_winograd(model, winograd_beats_8_bit)
    split_filters(model)
