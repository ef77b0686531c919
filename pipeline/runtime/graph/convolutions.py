"""Large convolutions in the ways that OpenVINO computes faster on CPUs, rewritten in a graph before it is compiled."""

import openvino as ov

from .filter_split import split_filters
from .winograd import TILE
from .winograd_phases import use_winograd

__all__ = ["TILE", "rewrite_convolutions"]


def rewrite_convolutions(model: ov.Model) -> None:
    """Rewrite a model of static shapes in place; its answers stay the same, but for rounding."""
    use_winograd(model)
    split_filters(model)
