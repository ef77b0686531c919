"""Previews: rough pictures of unfinished latents.

A linear map turns the channels of each latent position into a colour. With a draft decoder, the map is applied to the
features in the middle of that decoder instead, which gives a sharper picture.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from PIL import Image

from ..domain.errors import ArtifactError
from ..runtime.device import Device
from ..runtime.graph.liveness import ELEMENT
from ..runtime.graph.partition import Segment
from ..runtime.segment_model import SegmentModel, on_device
from .bands import whole_bytes

MAX_SIDE = 512  # pixels of a preview's longer side; chosen: large enough to judge the picture, small to send
# A draft decoder's features are shown where one latent position has become 8 x 8 cells. Chosen: about a tenth of the
# decoder's work comes before, and a preview of 1024x1024 pixels has 256x256 cells.
GROWTH = 8

Linear = dict[str, list[Any]]  # a linear map from channels to RGB, as `Manifest.preview` has it


class Preview:
    """A function from a latent f32 [C, h, w], as the transformer returns it, to a picture."""

    def __init__(self, linear: Linear, front: Sequence[tuple[Segment, SegmentModel]] = ()) -> None:
        """Take a linear map from D channels to RGB: "matrix" 3 x D, "bias" 3.

        `front` holds the first segments of a draft decoder, each with its model. The map applies to the output of the
        last of them, or to the latent itself if `front` is empty.
        """
        self._matrix, self._bias = np.asarray(linear["matrix"]), np.asarray(linear["bias"])
        self._front = front
        self._weights = sum(_weight_bytes(segment.model) for segment, _ in front)

    @classmethod
    def of_latents(cls, linear: Linear, channels: int) -> "Preview":
        """Return a preview that maps latents; raise ArtifactError if the map does not take `channels` channels."""
        return cls(_checked(linear, channels))

    @classmethod
    def of_draft(cls, linear: Linear, device: Device, segments: list[Segment], precision: str) -> "Preview":
        """Return a preview that maps a draft decoder's features, after the segments that grow to `GROWTH`.

        Raises:
            ArtifactError: the map does not take the features' channels.
        """
        grown = np.cumprod([float(segment.growth) for segment in segments])
        front = segments[: np.searchsorted(grown, GROWTH, side="right")]
        model = front[-1].model if front else segments[0].model
        port = model.outputs[0] if front else model.inputs[0]
        linear = _checked(linear, port.get_partial_shape()[1].get_length())
        return cls(linear, list(zip(front, on_device(device, front, precision), strict=True)))

    def memory(self, height: int, width: int) -> float:
        """Estimate the bytes that previews of a latent hold until `release_activations`, weights included.

        `height` and `width` count latent positions.
        """
        needed = float(self._weights)
        for segment, _ in self._front:
            needed += whole_bytes(segment, height, width)
            height, width = segment.grown(height), segment.grown(width)
        return needed

    def prepare(self, height: int, width: int) -> None:
        """Compile for latents of `height` x `width` positions in another thread."""
        for segment, model in self._front:
            model.prepare({segment.input_name: (1, height, width, segment.channels)})
            height, width = segment.grown(height), segment.grown(width)

    def release_activations(self) -> None:
        """Free the activations that OpenVINO keeps for the next preview. Weights stay."""
        for _, model in self._front:
            model.release_activations()

    def __call__(self, latent: np.ndarray, width: int, height: int) -> Image.Image:
        """Return a picture of a latent, at most MAX_SIDE pixels a side, in the proportions `width` : `height`."""
        scale = min(1.0, MAX_SIDE / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = Image.fromarray((self._pixels(latent).clip(0, 1) * 255).round().astype(np.uint8))
        return image.resize(size, Image.Resampling.BICUBIC)

    def _pixels(self, latent: np.ndarray) -> np.ndarray:
        """Return pixels [h, w, 3], nominally in [0, 1]."""
        features = np.ascontiguousarray(latent.transpose(1, 2, 0))[None]
        for segment, model in self._front:
            features = model({segment.input_name: features})
        pixels: np.ndarray = features[0] @ self._matrix.T + self._bias
        return pixels


def _checked(linear: Linear, channels: int) -> Linear:
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
