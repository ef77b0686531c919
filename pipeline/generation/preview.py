"""Previews, rough pictures of unfinished latents: by a linear map, with a draft decoder after its first half."""

import math
from collections.abc import Sequence

import numpy as np
import openvino as ov
from PIL import Image

from ..domain.errors import ArtifactError
from ..runtime.compiled_model import SegmentModel
from ..runtime.device import Device
from ..runtime.graph.liveness import ELEMENT
from ..runtime.graph.partition import Segment
from .bands import whole_bytes

MAX_SIDE = 512  # pixels of a preview's longer side; a choice
GROWTH = 8  # a draft decoder's features are shown where one latent position has become 8 x 8: a tenth of its work


class Preview:
    """Makes a picture of a latent f32 [C, h, w], as the transformer returns it."""

    def __init__(self, linear: dict[str, list], front: Sequence[tuple[Segment, SegmentModel]] = ()) -> None:
        """Take a linear map to RGB: "matrix" 3 x C, "bias" 3.

        It maps the latent, or what the segments in `front`, each with its model, make of it in turn.
        """
        self._matrix, self._bias = np.asarray(linear["matrix"]), np.asarray(linear["bias"])
        self._front = front
        self._weights = sum(_weight_bytes(segment.model) for segment, _ in front)

    @classmethod
    def of_latents(cls, linear: dict[str, list], channels: int) -> "Preview":
        """Return a preview by a map of `channels` to RGB; raise ArtifactError if it is none."""
        return cls(_checked(linear, channels))

    @classmethod
    def of_draft(cls, linear: dict[str, list], device: Device, segments: list[Segment], precision: str) -> "Preview":
        """Return a preview that runs the segments of a draft decoder as far as `GROWTH`."""
        grown = np.cumprod([float(segment.growth) for segment in segments])
        front = segments[: np.searchsorted(grown, GROWTH, side="right")]
        model = front[-1].model if front else segments[0].model
        port = model.outputs[0] if front else model.inputs[0]
        linear = _checked(linear, port.get_partial_shape()[1].get_length())
        return cls(linear, [(each, SegmentModel(device, each.model, precision)) for each in front])

    def memory(self, height: int, width: int) -> float:
        """Return about how many bytes it holds from the first picture of a latent of that size to the release."""
        needed = float(self._weights)
        for segment, _ in self._front:
            needed += whole_bytes(segment, height, width)
            height, width = segment.grown(height), segment.grown(width)
        return needed

    def release_activations(self) -> None:
        """Free what is kept for another picture; weights stay."""
        for _, model in self._front:
            model.release_activations()

    def __call__(self, latent: np.ndarray, width: int, height: int) -> Image.Image:
        """Return a picture of at most MAX_SIDE pixels a side, in the proportions of `width` x `height` pixels."""
        scale = min(1.0, MAX_SIDE / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = Image.fromarray((self._pixels(latent).clip(0, 1) * 255).round().astype(np.uint8))
        return image.resize(size, Image.Resampling.BICUBIC)

    def _pixels(self, latent: np.ndarray) -> np.ndarray:
        """Return pixels [h, w, 3], nominally in [0, 1]."""
        features = latent[None]
        for segment, model in self._front:
            features = model({segment.input_name: features})
        return np.einsum("rc,chw->hwr", self._matrix, features[0]) + self._bias


def _checked(linear: dict[str, list], channels: int) -> dict[str, list]:
    matrix, bias = linear.get("matrix", []), linear.get("bias", [])
    if [len(row) for row in matrix] != [channels] * 3 or len(bias) != 3:
        raise ArtifactError(f"The manifest's preview does not map {channels} channels to three colours.")
    return linear


def _weight_bytes(model: ov.Model) -> int:
    return sum(
        math.prod(operation.get_output_shape(0)) * ELEMENT
        for operation in model.get_ops()
        if operation.get_type_name() == "Constant"
    )
