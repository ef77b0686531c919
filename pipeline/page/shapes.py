"""Shapes to choose from: sizes near the model's own, of about as many pixels, within its limits."""

from ..settings import SIZE_MULTIPLE
from ..variants import Defaults

RATIOS = {"Square": 1.0, "Landscape": 4 / 3, "Wide": 16 / 9, "Portrait": 3 / 4, "Tall": 9 / 16}


def shapes(defaults: Defaults) -> dict[str, tuple[int, int]]:
    """Width and height of each shape, in pixels."""
    side = (defaults.width * defaults.height) ** 0.5

    def allowed(length: float) -> int:
        multiple = round(length / SIZE_MULTIPLE) * SIZE_MULTIPLE
        return min(max(multiple, defaults.min_size), defaults.max_size)

    return {name: (allowed(side * ratio**0.5), allowed(side / ratio**0.5)) for name, ratio in RATIOS.items()}
