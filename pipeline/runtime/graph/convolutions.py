"""The rewriting of a graph's large convolutions into forms that OpenVINO computes faster on CPUs."""

import openvino as ov

from .filter_split import split_filters
from .winograd import TILE
from .winograd_phases import use_winograd

__all__ = ["TILE", "rewrite_convolutions"]


def rewrite_convolutions(model: ov.Model) -> None:
    """Rewrite a model of static shapes in place. Its outputs change only by rounding."""
    use_winograd(model)
    split_filters(model)
