"""The transformer on a device: whole, or cut in three for the first-block cache."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from .blocks import between, block_ends
from .components import Component, Infer, Turn
from .device import EXACT, Device
from .first_block_cache import FirstBlockCache


class Transformer:
    """One of its two forms is in memory at a time: the one that was used last, and the whole one to begin with."""

    def __init__(self, device: Device, path: Path, precision: str = EXACT, turn: Turn | None = None) -> None:
        """Raises DeviceError where the device cannot take it."""
        self._read = partial(device.core.read_model, path)
        self._on_device = partial(Component, device, precision=precision)
        self._turn = turn
        self._whole = Component(device, path, precision, turn)
        self._pieces: list[Component] = []
        self._seconds = 0.0  # of pieces that were released
        self.precision = precision

    @property
    def seconds(self) -> float:
        """The time spent in it since it was made."""
        return self._seconds + sum(each.seconds for each in (self._whole, *self._pieces))

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The velocity f32 [B, C, h, w] of the whole model's inputs."""
        return self.with_cache(0.0)(inputs)

    def with_cache(self, threshold: float) -> Infer:
        """What to call in the steps of one generation; a threshold of 0 computes all of each."""
        if not threshold:
            self._release_pieces()
            return self._whole
        if self._turn:
            self._turn.take(self)
        self._whole.release()
        if not self._pieces:
            model = self._read()
            ends = block_ends(model)
            cuts = pairwise([None, ends[0], ends[-1], None])
            self._pieces = [self._on_device(between(model, start, end)) for start, end in cuts]
        first, deep, last = self._pieces
        return FirstBlockCache(first, deep, last, threshold)

    def rest(self) -> None:
        """Frees the memory of activations."""
        for component in (self._whole, *self._pieces):
            component.rest()

    def release(self) -> None:
        """Frees all memory; the next call compiles again."""
        self._release_pieces()
        self._whole.release()

    def _release_pieces(self) -> None:
        self._seconds += sum(each.seconds for each in self._pieces)
        self._pieces = []
