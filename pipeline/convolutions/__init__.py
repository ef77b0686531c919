"""Large convolutions in the ways that OpenVINO computes faster on CPUs, rewritten in a graph before it is compiled."""

import openvino as ov

from .filters import split_filters
from .phases import use_winograd
from .winograd import TILE

__all__ = ["TILE", "rewrite_convolutions"]


def rewrite_convolutions(model: ov.Model) -> None:
    """Rewrites a model of static shapes in place; it answers the same, but for rounding."""
    use_winograd(model)
    split_filters(model)
