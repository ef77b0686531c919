"""Decoding: latents -> pixels, by the VAE's decoder or by a draft decoder, in horizontal bands that save memory.

The graph is a chain of segments. A segment that needs its whole input runs at once; a local one runs in bands. Both are
exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from diffusers.image_processor import PixArtImageProcessor

from ..runtime.compiled_model import ExclusiveResidency, SegmentModel
from ..runtime.device import EXACT, Device
from ..runtime.graph.partition import Segment, partition
from .bands import Band, fits_at_once, min_bytes, plan_bands, rows_that_fit


@dataclass(frozen=True)
class Decoded:
    """The progress after band `band` of `bands`, counted from 1 over all segments.

    After the last band, `pixels` is the picture f32 [3, H, W], nominally in [-1, 1]; before, it is None.
    """

    band: int
    bands: int
    pixels: np.ndarray | None


class VaeDecoder:
    """A decoder on a device, for latents as the transformer returns them."""

    def __init__(
        self,
        device: Device,
        path: Path,
        scaling_factor: float,
        precision: str = EXACT,
        residency: ExclusiveResidency | None = None,
    ) -> None:
        """Read the model at `path`. It is compiled in the first call.

        Raises:
            DeviceError: the file is damaged; or, in the first call, the device cannot take the model.
        """
        self._model = device.read(path)
        self._on_device = partial(SegmentModel, device, precision=precision, residency=residency)
        self._scaling_factor = scaling_factor
        self.precision = precision
        self._seconds = 0.0
        self.segments = self._coarse = partition(self._model)
        self._models = [self._on_device(segment.model) for segment in self.segments]

    @property
    def seconds(self) -> float:
        """Return the seconds spent in the decoder so far."""
        return self._seconds + sum(model.seconds for model in self._models)

    def memory(self, height: int, width: int) -> float:
        """Estimate the least bytes that decoding one latent of `height` x `width` positions takes."""
        needed = 0.0
        for segment in self._segments_for(height, width):
            needed = max(needed, min_bytes(segment, height, width))
            height, width = height * segment.growth, width * segment.growth
        return needed

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run the whole model with the input that its IR has, as `choose_precision` does.

        The input "latent_sample" f32 [1, C, h, w] is already divided by the scaling factor. Return pixels f32
        [1, 3, 32h, 32w].
        """
        *_, last = self._run(inputs["latent_sample"], None)
        assert last.pixels is not None
        return last.pixels[None]

    def decode(self, latent: torch.Tensor, rows: int | None = None) -> Iterator[Decoded]:
        """Decode one latent f32 [C, h, w], and yield after each band of each segment.

        A band is computed from at most `rows` rows of the segment's input, by default as many as the free memory
        allows.
        """
        yield from self._run((latent[None] / self._scaling_factor).numpy(), rows)

    def _segments_for(self, height: int, width: int) -> list[Segment]:
        """Return the segments for a latent; the finer partition if a segment that runs at once would be too large."""
        return self._coarse if fits_at_once(self._coarse, height, width) else self._fine

    @cached_property
    def _fine(self) -> list[Segment]:
        return partition(self._model, finely=True)

    def _use(self, segments: list[Segment]) -> None:
        if segments is not self.segments:
            self._seconds = self.seconds
            self.segments = segments
            self._models = [self._on_device(segment.model) for segment in segments]

    def _run(self, features: np.ndarray, rows: int | None) -> Iterator[Decoded]:
        plans = []
        height, width = features.shape[2:]
        self._use(self._segments_for(height, width))
        for segment in self.segments:
            plans.append(plan_bands(segment, height, rows or rows_that_fit(segment, height, width)))
            height, width = height * segment.growth, width * segment.growth
        done, count = 0, sum(len(plan) for plan in plans)
        for segment, model, plan in zip(self.segments, self._models, plans, strict=True):
            growth = segment.growth
            finer: np.ndarray | None = None
            for band, window in zip(plan, _windows(features, plan), strict=True):
                output = model({segment.input_name: window})
                if finer is None:  # a single band needs no copy
                    shape = (1, output.shape[1], features.shape[2] * growth, output.shape[3])
                    finer = output if len(plan) == 1 else np.empty(shape, np.float32)
                if finer is not output:
                    start = band.window.start
                    cropped = output[:, :, (band.first - start) * growth : (band.last - start) * growth]
                    finer[:, :, band.first * growth : band.last * growth] = cropped
                done += 1
                if done < count:
                    yield Decoded(done, count, None)
            model.release_activations()
            assert finer is not None
            features = finer
        yield Decoded(count, count, features[0])


def to_picture(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Convert decoded pixels f32 [3, H, W] in [-1, 1] to a picture f32 [height, width, 3] in [0, 1].

    After resolution binning H x W is not the size asked for: resize and crop to it, as diffusers' `SanaPipeline` does.
    """
    sample = PixArtImageProcessor.resize_and_crop_tensor(torch.from_numpy(pixels)[None], width, height)
    picture: torch.Tensor = sample[0] * 0.5 + 0.5
    return picture.clamp(0, 1).permute(1, 2, 0).numpy()


def _windows(features: np.ndarray, plan: list[Band]) -> Iterator[np.ndarray]:
    """Yield the window of each band. All are in the same buffer, since fresh pages cost time."""
    if len(plan) == 1:
        yield features
        return
    window = np.empty_like(features[:, :, plan[0].window])
    for band in plan:
        np.copyto(window, features[:, :, band.window])
        yield window
