"""Decoding: latents -> pixels, by the VAE's decoder or by a draft decoder."""

from collections.abc import Iterator

import numpy as np
import torch
from diffusers.image_processor import PixArtImageProcessor

from .banded_model import BandedModel, Computed


class VaeDecoder(BandedModel):
    """A decoder on a device: a model from unscaled latents f32 [1, C, h, w] to pixels f32 [1, 3, 32h, 32w]."""

    def decode(self, latent: torch.Tensor, rows: int | None = None) -> Iterator[Computed]:
        """Decode one latent f32 [C, h, w] of the transformer, and yield after each band of each segment.

        The last features are the pixels f32 [3, 32h, 32w], nominally in [-1, 1]. `rows` is as in `run`.
        """
        yield from self.run((latent[None] / self.scaling_factor).numpy(), rows)


def to_picture(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Convert decoded pixels f32 [3, H, W] in [-1, 1] to a picture f32 [height, width, 3] in [0, 1].

    After resolution binning H x W is not the size asked for: resize and crop to it, as diffusers' `SanaPipeline` does.
    """
    sample = PixArtImageProcessor.resize_and_crop_tensor(torch.from_numpy(pixels)[None], width, height)
    picture: torch.Tensor = sample[0] * 0.5 + 0.5
    return picture.clamp(0, 1).permute(1, 2, 0).numpy()
