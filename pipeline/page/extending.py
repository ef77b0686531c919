"""The extension of a given picture to some of its sides, with a mask of what is new and of what was painted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.problems import Problem
from ..domain.size_parameters import HEIGHT, SIZE_MULTIPLE, USE_RESOLUTION_BINNING, WIDTH
from ..generation.canvas import extend_canvas
from ..generation.given_picture import GivenPicture
from .picture_panel import SHARES

SIDES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class Extension:
    """The sides to which a picture grows, and the share of its width or height by which it grows to each."""

    sides: Sequence[str]
    share: float

    @classmethod
    def of_page(cls, sides: Any, share: Any) -> "Extension":
        """Take what the page sends; raise SanaError for what it never sends."""
        if not isinstance(sides, list) or not set(map(str, sides)) <= set(SIDES) or share not in SHARES:
            raise SanaError(Problem("event kind", {}))
        return cls(tuple(sides), share)

    def apply(self, image: Path, mask_image: Path | None, inverts: bool) -> tuple[Image.Image, Image.Image]:
        """Return the picture on its larger canvas, and the mask: white where it is new, or was marked before.

        Raises:
            SanaError: picture or mask cannot be used, or the canvas is too large.
        """
        given = GivenPicture.open(image, mask_image)
        width, height = given.size
        (left, right), (top, bottom) = self._amounts(width, "left", "right"), self._amounts(height, "top", "bottom")
        canvas, mask = extend_canvas(Image.fromarray(given.pixels), left, top, right, bottom)
        if given.mask is not None:
            marked = given.marked(width, height, inverts)
            mask.paste(Image.fromarray((marked * 255).astype(np.uint8)), (left, top))
        return canvas, mask

    def _amounts(self, length: int, first: str, last: str) -> tuple[int, int]:
        """Return the pixels added before and after; with them the length is a multiple of 32."""
        grows = [side in self.sides for side in (first, last)]
        if not any(grows):
            return 0, 0
        wanted = length + sum(grows) * length * self.share
        added = round(wanted / SIZE_MULTIPLE) * SIZE_MULTIPLE - length
        if added <= 0:  # a small picture may round down to itself
            added += SIZE_MULTIPLE
        before = added * grows[0] // sum(grows)
        return before, added - before


def own_size(size: tuple[int, int], model: ModelDescription) -> dict[str, Any]:
    """Return the values that draw a picture at its own size, if the model can: what is kept is then not resized."""
    if any(side % SIZE_MULTIPLE or not model.min_size <= side <= model.max_size for side in size):
        return {}
    return {WIDTH.name: size[0], HEIGHT.name: size[1], USE_RESOLUTION_BINNING.name: False}
