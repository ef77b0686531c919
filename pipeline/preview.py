"""A rough picture of unfinished latents: by a linear map; where there is a draft decoder, by its first half as well."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from .components import DecoderSegment
from .cut import Segment
from .device import Device

MAX_SIDE = 512  # pixels of the longer side
GROWTH = 8  # a draft decoder's features are shown where one latent position has become 8 x 8: a tenth of its work


class Preview:
    """Pictures of latents f32 [N, C, h, w], as the transformer makes them."""

    def __init__(self, linear: dict[str, list], front: Sequence[tuple[str, DecoderSegment]] = ()) -> None:
        """`linear` maps the latents, or what the models in `front` (each with the name of its input) make of them, to
        RGB: "matrix" 3 x C, "bias" 3."""
        self._matrix, self._bias = np.asarray(linear["matrix"]), np.asarray(linear["bias"])
        self._front = front

    @classmethod
    def of_draft(cls, linear: dict[str, list], device: Device, segments: list[Segment], precision: str) -> "Preview":
        """One that runs the segments of a draft decoder as far as `GROWTH`."""
        grown = np.cumprod([segment.growth for segment in segments])
        front = segments[: np.searchsorted(grown, GROWTH, side="right")]
        return cls(linear, [(each.input_name, DecoderSegment(device, each.model, precision)) for each in front])

    def __call__(self, latents: np.ndarray, width: int, height: int) -> Image.Image:
        """The pictures in a grid of MAX_SIDE at most, each in the proportions of `width` and `height` in pixels."""
        columns = math.ceil(math.sqrt(len(latents)))
        rows = math.ceil(len(latents) / columns)
        scale = min(1.0, MAX_SIDE / max(columns * width, rows * height))
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
        grid = Image.new("RGB", (columns * width, rows * height), "white")
        for index, latent in enumerate(latents):
            image = Image.fromarray((self._pixels(latent[None]).clip(0, 1) * 255).round().astype(np.uint8))
            place = (index % columns * width, index // columns * height)
            grid.paste(image.resize((width, height), Image.Resampling.BICUBIC), place)
        return grid

    def _pixels(self, features: np.ndarray) -> np.ndarray:
        """[h, w, 3], nominally in [0, 1]."""
        for name, component in self._front:
            features = component({name: features})
        return np.einsum("rc,chw->hwr", self._matrix, features[0]) + self._bias
