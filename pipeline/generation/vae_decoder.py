"""Latents -> pixels, exactly, in horizontal bands: by the VAE's decoder, or by a draft decoder.

Segments of the graph that need the whole picture run at once; the others are local, and each runs in bands.
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
    """Band `band` of `bands` is done; after the last one `pixels` f32 [3, H, W], nominally in [-1, 1]."""

    band: int
    bands: int
    pixels: np.ndarray | None


class VaeDecoder:
    """A decoder on a device, of latents as the transformer returns them; `seconds` is the time spent in it."""

    def __init__(
        self,
        device: Device,
        path: Path,
        scaling_factor: float,
        precision: str = EXACT,
        residency: ExclusiveResidency | None = None,
    ) -> None:
        """Raise DeviceError if the file is damaged, or in the first call if the device cannot take the model."""
        self._model = device.read(path)
        self._on_device = partial(SegmentModel, device, precision=precision, residency=residency)
        self._scaling_factor = scaling_factor
        self.precision = precision
        self._seconds = 0.0
        self.segments = self._coarse = partition(self._model)
        self._models = [self._on_device(segment.model) for segment in self.segments]

    @property
    def seconds(self) -> float:
        return self._seconds + sum(model.seconds for model in self._models)

    def memory(self, height: int, width: int) -> float:
        """Return about how many bytes decoding one latent of `height` x `width` positions takes at least."""
        needed = 0.0
        for segment in self._segments_for(height, width):
            needed = max(needed, min_bytes(segment, height, width))
            height, width = height * segment.growth, width * segment.growth
        return needed

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run the whole model: "latent_sample" f32 [1, C, h, w], divided by the scaling factor, to pixels f32
        [1, 3, 32h, 32w]."""
        *_, last = self._run(inputs["latent_sample"], None)
        assert last.pixels is not None
        return last.pixels[None]

    def decode(self, latent: torch.Tensor, rows: int | None = None) -> Iterator[Decoded]:
        """Decode one latent [C, h, w], band by band of each segment.

        A window has at most `rows` rows of a segment's input; by default as many as the free memory allows.
        """
        yield from self._run((latent[None] / self._scaling_factor).numpy(), rows)

    def _segments_for(self, height: int, width: int) -> list[Segment]:
        """Return the segments for a latent of that size: more of them where those that run at once would be large."""
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
                if finer is None:  # of a single band it is the output itself
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
    """Return pixels f32 [height, width, 3] in [0, 1] of decoded ones [3, H, W] in [-1, 1].

    A picture made at the size of a trained aspect-ratio bin is resized and cropped to the size asked for, as
    diffusers does.
    """
    sample = PixArtImageProcessor.resize_and_crop_tensor(torch.from_numpy(pixels)[None], width, height)
    return (sample[0] * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()


def _windows(features: np.ndarray, plan: list[Band]) -> Iterator[np.ndarray]:
    """Yield the rows that each band is computed from, each time in the same buffer: fresh pages cost time."""
    if len(plan) == 1:
        yield features
        return
    window = np.empty_like(features[:, :, plan[0].window])
    for band in plan:
        np.copyto(window, features[:, :, band.window])
        yield window
