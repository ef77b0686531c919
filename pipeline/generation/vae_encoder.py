"""Encoding: pixels -> latents, by the VAE's encoder or by a draft encoder."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..runtime.compiled_model import ExclusiveResidency
from ..runtime.device import EXACT, Device
from .banded_model import BandedModel, Computed


class VaeEncoder(BandedModel):
    """An encoder on a device: a model from pixels f32 [1, 3, 32h, 32w] in [-1, 1] to latents f32 [1, C, h, w].

    The model's latents are not scaled.
    """

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
        super().__init__(device, path, precision, residency)
        self._scaling_factor = scaling_factor

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
                yield replace(computed, features=computed.features * np.float32(self._scaling_factor))
