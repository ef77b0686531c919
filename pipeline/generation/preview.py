"""Previews, rough pictures of unfinished latents: by a linear map, with a draft decoder after its first half."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..domain.errors import ArtifactError
from ..runtime.compiled_model import SegmentModel
from ..runtime.device import Device
from ..runtime.graph.partition import Segment

MAX_SIDE = 512  # pixels of a preview's longer side; a choice
GROWTH = 8  # a draft decoder's features are shown where one latent position has become 8 x 8: a tenth of its work


class Preview:
    """Makes a picture of a latent f32 [C, h, w], as the transformer returns it."""

    def __init__(self, linear: dict[str, list], front: Sequence[tuple[str, SegmentModel]] = ()) -> None:
        """Take a linear map to RGB: "matrix" 3 x C, "bias" 3.

        It maps the latent, or what the models in `front` (each with the name of its input) make of it in turn.
        """
        self._matrix, self._bias = np.asarray(linear["matrix"]), np.asarray(linear["bias"])
        self._front = front

    @classmethod
    def of_latents(cls, linear: dict[str, list], channels: int) -> "Preview":
        """Return a preview by a map of `channels` to RGB; raise ArtifactError if it is none."""
        return cls(_checked(linear, channels))

    @classmethod
    def of_draft(cls, linear: dict[str, list], device: Device, segments: list[Segment], precision: str) -> "Preview":
        """Return a preview that runs the segments of a draft decoder as far as `GROWTH`."""
        grown = np.cumprod([segment.growth for segment in segments])
        front = segments[: np.searchsorted(grown, GROWTH, side="right")]
        model = front[-1].model if front else segments[0].model
        port = model.outputs[0] if front else model.inputs[0]
        linear = _checked(linear, port.get_partial_shape()[1].get_length())
        return cls(linear, [(each.input_name, SegmentModel(device, each.model, precision)) for each in front])

    def __call__(self, latent: np.ndarray, width: int, height: int) -> Image.Image:
        """Return a picture of at most MAX_SIDE pixels a side, in the proportions of `width` x `height` pixels."""
        scale = min(1.0, MAX_SIDE / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = Image.fromarray((self._pixels(latent).clip(0, 1) * 255).round().astype(np.uint8))
        return image.resize(size, Image.Resampling.BICUBIC)

    def _pixels(self, latent: np.ndarray) -> np.ndarray:
        """Return pixels [h, w, 3], nominally in [0, 1]."""
        features = latent[None]
        for name, model in self._front:
            features = model({name: features})
        return np.einsum("rc,chw->hwr", self._matrix, features[0]) + self._bias


def _checked(linear: dict[str, list], channels: int) -> dict[str, list]:
    matrix, bias = linear.get("matrix", []), linear.get("bias", [])
    if [len(row) for row in matrix] != [channels] * 3 or len(bias) != 3:
        raise ArtifactError(f"The manifest's preview does not map {channels} channels to three colours.")
    return linear
