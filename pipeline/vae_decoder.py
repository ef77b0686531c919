"""Latents -> pixels, exactly, in horizontal bands: by the VAE's decoder, or by a draft decoder.

What looks at the whole picture runs at once; the rest is local and runs segment by segment, each in bands with as many
rows around them as their cells can depend on. Tiles that overlap and blend would only come near.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from diffusers.image_processor import PixArtImageProcessor

from .components import DecoderSegment, Turn
from .convolutions import TILE
from .cut import Segment, cut
from .device import EXACT, Device
from .machine import free_memory

MOST_BYTES = 1.5e9  # of a band's activations, so that a Stop has not long to wait
FREE_SHARE = 0.5  # of the memory that is free
OVERHEAD = 3.0  # what OpenVINO takes at most, over the activations that are live at once in a direct computation


@dataclass(frozen=True)
class Decoded:
    """Band `band` of `bands` is done; after the last one `pixels` f32 [3, H, W], nominally in [-1, 1]."""

    band: int
    bands: int
    pixels: np.ndarray | None


@dataclass(frozen=True)
class Band:
    """Rows `first` to `last` of a segment's input, computed from the rows in `window`."""

    first: int
    last: int
    window: slice


class VaeDecoder:
    """A decoder on a device, of latents as the transformer makes them; `seconds` is the time spent in it."""

    def __init__(
        self, device: Device, path: Path, scaling_factor: float, precision: str = EXACT, turn: Turn | None = None
    ) -> None:
        """Raises DeviceError where the file is damaged, or the device cannot take it."""
        self._model = device.read(path)
        self._on_device = partial(DecoderSegment, device, precision=precision, turn=turn)
        self._scaling_factor = scaling_factor
        self.precision = precision
        self._seconds = 0.0
        self.segments = self._coarse = cut(self._model)
        self._components = [self._on_device(segment.model) for segment in self.segments]

    @property
    def seconds(self) -> float:
        return self._seconds + sum(component.seconds for component in self._components)

    def memory(self, height: int, width: int) -> float:
        """Bytes that decoding one latent of that size takes at least, about."""
        most = 0.0
        for segment in self._fitting(height, width):
            whole = segment.held_per_cell * height * width
            most = max(most, whole + OVERHEAD * segment.bytes_per_cell * width * _least_rows(segment, height))
            height, width = height * segment.growth, width * segment.growth
        return most

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The whole model: "latent_sample" f32 [1, C, h, w], divided by the scaling factor, to pixels f32
        [1, 3, 32h, 32w]."""
        *_, last = self._run(inputs["latent_sample"], None)
        assert last.pixels is not None
        return last.pixels[None]

    def decode(self, latent: torch.Tensor, rows: int | None = None) -> Iterator[Decoded]:
        """Decodes one latent [C, h, w], band by band of each segment.

        `rows` of a segment's input go into each band; by default as many as the free memory allows.
        """
        yield from self._run((latent[None] / self._scaling_factor).numpy(), rows)

    def _fitting(self, height: int, width: int) -> list[Segment]:
        """Segments for a latent of that size: more of them where what looks at the whole picture would be large."""
        whole = max((each.bytes_per_cell for each in self._coarse if each.halo is None), default=0.0)
        return self._coarse if OVERHEAD * whole * height * width <= MOST_BYTES else self._fine

    @cached_property
    def _fine(self) -> list[Segment]:
        return cut(self._model, finely=True)

    def _use(self, segments: list[Segment]) -> None:
        if segments is not self.segments:
            self._seconds = self.seconds
            self.segments = segments
            self._components = [self._on_device(segment.model) for segment in segments]

    def _run(self, features: np.ndarray, rows: int | None) -> Iterator[Decoded]:
        plans = []
        height, width = features.shape[2:]
        self._use(self._fitting(height, width))
        for segment in self.segments:
            plans.append(_bands(segment, height, rows or _rows(segment, height, width)))
            height, width = height * segment.growth, width * segment.growth
        done, count = 0, sum(len(plan) for plan in plans)
        for segment, component, plan in zip(self.segments, self._components, plans, strict=True):
            growth = segment.growth
            finer: np.ndarray | None = None
            for band, window in zip(plan, _windows(features, plan), strict=True):
                output = component({segment.input_name: window})
                if finer is None:  # of a single band it is the output itself
                    shape = (1, output.shape[1], features.shape[2] * growth, output.shape[3])
                    finer = output if len(plan) == 1 else np.empty(shape, np.float32)
                if finer is not output:
                    start = band.window.start
                    kept = output[:, :, (band.first - start) * growth : (band.last - start) * growth]
                    finer[:, :, band.first * growth : band.last * growth] = kept
                done += 1
                if done < count:
                    yield Decoded(done, count, None)
            component.rest()
            assert finer is not None
            features = finer
        yield Decoded(count, count, features[0])


def to_picture(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Pixels f32 [height, width, 3] in [0, 1] of decoded ones [3, H, W] in [-1, 1].

    A picture made at the size of a trained aspect-ratio bin is resized and cropped to the size asked for, as
    diffusers does.
    """
    sample = PixArtImageProcessor.resize_and_crop_tensor(torch.from_numpy(pixels)[None], width, height)
    return (sample[0] * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()


def _bands(segment: Segment, height: int, rows: int) -> list[Band]:
    """Bands of nearly equal height, in windows of at most `rows` rows: equal windows are compiled once, and windows no
    higher than they have to be compute little twice. They are of whole tiles where `rows` allows it, as `winograd` asks
    for."""
    if segment.halo is None or rows >= height:
        return [Band(0, height, slice(0, height))]
    count = math.ceil(height / (rows - 2 * segment.halo))
    least = math.ceil(height / count) + 2 * segment.halo
    rows = min(rows, math.ceil(least / TILE) * TILE)
    bands = []
    for index in range(count):
        first, last = index * height // count, (index + 1) * height // count
        start = min(max(0, first - segment.halo), height - rows)
        bands.append(Band(first, last, slice(start, start + rows)))
    return bands


def _windows(features: np.ndarray, plan: list[Band]) -> Iterator[np.ndarray]:
    """The rows that each band is computed from; each time in the same memory, since fresh memory is dear."""
    if len(plan) == 1:
        yield features
        return
    window = np.empty_like(features[:, :, plan[0].window])
    for band in plan:
        np.copyto(window, features[:, :, band.window])
        yield window


def _rows(segment: Segment, height: int, width: int) -> int:
    # in steps, since a picture that is cut otherwise is rounded otherwise
    budget, free = MOST_BYTES, free_memory()
    while budget > FREE_SHARE * free:
        budget /= 2
    fitting = int(budget / (OVERHEAD * segment.bytes_per_cell * width)) // TILE * TILE
    return max(_least_rows(segment, height), fitting)


def _least_rows(segment: Segment, height: int) -> int:
    # half of which are computed twice
    return height if segment.halo is None else min(height, 4 * segment.halo or 1)
