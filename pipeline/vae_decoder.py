"""Latents -> pixels, exactly, in horizontal bands.

The part of the decoder that looks at the whole picture runs once; the rest is local and runs band by band, each band
with as many rows around it as its pixels can depend on. Tiles that overlap and blend would only come near.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.image_processor import PixArtImageProcessor

from .components import Component, Turn
from .cut import cut
from .device import EXACT, Device
from .machine import free_memory

MOST_BYTES = 2.5e9  # of a band's activations, so that a Stop has not long to wait
FREE_SHARE = 0.5  # of the memory that is free
OVERHEAD = 2.0  # what OpenVINO takes, over the activations that are live at once


@dataclass(frozen=True)
class Band:
    """Rows `top` to `top` + height of a picture: pixels f32 [3, height, width], nominally in [-1, 1]."""

    top: int
    pixels: np.ndarray


class VaeDecoder:
    """A decoder on a device, of latents as the transformer makes them; `seconds` is the time spent in it."""

    def __init__(
        self, device: Device, path: Path, scaling_factor: float, precision: str = EXACT, turn: Turn | None = None
    ) -> None:
        """Raises DeviceError where the device cannot take it."""
        parts = cut(device.core.read_model(path))
        self._head = Component(device, parts.head, precision, turn) if parts.head else None
        self._tail = Component(device, parts.tail, precision, turn)
        self._pixels, self._halo, self._bytes_per_cell = parts.pixels, parts.halo, parts.bytes_per_cell
        self._scaling_factor = scaling_factor
        self.precision = precision

    @property
    def seconds(self) -> float:
        return self._tail.seconds + (self._head.seconds if self._head else 0.0)

    def bands(self, latent: torch.Tensor, rows: int | None = None) -> Iterator[tuple[Band, int]]:
        """The bands of one latent [C, h, w], from the top down, each with how many there are.

        `rows` of the features go into each band, of which those at its edges are only looked at; by default as many as
        the free memory allows.
        """
        yield from self._bands((latent[None] / self._scaling_factor).numpy(), rows)

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The model as it is without its bands: "latent_sample" f32 [1, C, h, w], divided by the scaling factor, to
        pixels f32 [1, 3, 32h, 32w]."""
        return np.concatenate([band.pixels for band, _ in self._bands(inputs["latent_sample"])], axis=1)[None]

    def _bands(self, features: np.ndarray, rows: int | None = None) -> Iterator[tuple[Band, int]]:
        if self._head:
            features = self._head({"latent_sample": features})
        height, width = features.shape[2:]
        window = min(height, rows or self._rows(width))
        step = window if window == height else window - 2 * self._halo
        count = math.ceil(height / step)
        name = "features" if self._head else "latent_sample"
        for index in range(count):
            first, last = index * height // count, (index + 1) * height // count  # bands of nearly equal height
            start = min(max(0, first - self._halo), height - window)  # equal windows: one shape, compiled once
            pixels = self._tail({name: np.ascontiguousarray(features[:, :, start : start + window])})
            rows_of = slice((first - start) * self._pixels, (last - start) * self._pixels)
            yield Band(first * self._pixels, pixels[0, :, rows_of]), count

    def _rows(self, width: int) -> int:
        budget = min(MOST_BYTES, FREE_SHARE * free_memory())
        return max(3 * self._halo, int(budget / (OVERHEAD * self._bytes_per_cell * width)))


def to_picture(sample: torch.Tensor, width: int, height: int) -> np.ndarray:
    """Pixels f32 [height, width, 3] in [0, 1] of decoded ones [3, H, W] in [-1, 1].

    A picture made at the size of a trained aspect-ratio bin is resized and cropped to the size asked for, as
    diffusers does.
    """
    sample = PixArtImageProcessor.resize_and_crop_tensor(sample[None], width, height)
    return (sample[0] * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()
