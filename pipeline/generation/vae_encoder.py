"""Encoding: pixels -> latents, by the VAE's encoder or by a draft encoder."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .banded_model import BandedModel, Computed


class VaeEncoder(BandedModel):
    """An encoder on a device: a model from pixels f32 [1, 3, 32h, 32w] in [-1, 1] to latents f32 [1, C, h, w].

    The model's latents are not scaled.
    """

    def encode(self, pixels: np.ndarray, rows: int | None = None) -> Iterator[Computed]:
        """Encode one picture u8 [32h, 32w, 3], and yield after each band of each segment.

        The last features are the latent f32 [C, h, w], times the scaling factor as the transformer's are. `rows` is as
        in `run`.
        """
        # To [0, 1] and then to [-1, 1], as diffusers' `VaeImageProcessor` rounds.
        sample = np.ascontiguousarray(pixels.astype(np.float32).transpose(2, 0, 1)[None]) / 255 * 2 - 1
        for computed in self.run(sample, rows):
            if computed.features is None:
                yield computed
            else:
                yield replace(computed, features=computed.features * np.float32(self.scaling_factor))
