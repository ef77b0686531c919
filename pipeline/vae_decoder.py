"""Latents -> pixels."""

import numpy as np
import torch
from diffusers.image_processor import PixArtImageProcessor

from .components import Infer


def decode(decoder: Infer, latents: torch.Tensor, scaling_factor: float, width: int, height: int) -> np.ndarray:
    """Pixels f32 [height, width, 3] in [0, 1] of one latent [C, h, w].

    A picture made at the size of a trained aspect-ratio bin is resized and cropped to the size asked for, as
    diffusers does.
    """
    sample = torch.from_numpy(decoder({"latent_sample": (latents[None] / scaling_factor).numpy()}))
    sample = PixArtImageProcessor.resize_and_crop_tensor(sample, width, height)
    return (sample[0] * 0.5 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()
