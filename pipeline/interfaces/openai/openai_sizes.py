"""Sizes as OpenAI writes them, and the shapes that a model has for its usual ones."""

import math
import re

from ...domain.model import ModelDescription
from ...domain.problems import Problem, shown
from ...domain.resolutions import shapes
from ...domain.size_parameters import HEIGHT, WIDTH
from ..refused import refused

SIZES = ("256x256", "512x512", "1024x1024", "1024x1536", "1536x1024", "1024x1792", "1792x1024")
"""Those of all OpenAI's models so far: clients offer them in menus, and cannot know other models."""
AUTO = "auto"


def find_size(size: object, model: ModelDescription, has_picture: bool) -> tuple[dict[str, int], bool]:
    """Return width and height by parameter name ({}: the model's own), and whether they are not those of `size`.

    A usual size that the model cannot make means its shape of the nearest aspect ratio.

    Raises:
        Refused: this is no size. Others are for the model to refuse.
    """
    if size is None or size == AUTO:
        return {}, False
    if not isinstance(size, str) or not (match := re.fullmatch(r"(\d{1,9})x(\d{1,9})", size, re.ASCII)):
        raise refused(Problem("picture size", {"value": shown(size)}), "size")
    width, height = map(int, match.groups())
    sides = {WIDTH: width, HEIGHT: height}
    is_possible = not any(each.problem(side, **model.limits(each, has_picture)) for each, side in sides.items())
    if is_possible or size not in SIZES:
        return {WIDTH.name: width, HEIGHT.name: height}, False
    nearest = min(shapes(model).values(), key=lambda shape: abs(math.log(shape[0] / shape[1] * height / width)))
    return {WIDTH.name: nearest[0], HEIGHT.name: nearest[1]}, True
