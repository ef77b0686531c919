"""The fit of the map of previews: from latents, or a draft decoder's features, to the colours of decoded pictures."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models import AutoencoderDC
from torch import Tensor, nn

from ..generation.preview import GROWTH
from .random_pictures import random_picture
from .taesana import front_length

PICTURES, SIDE = 12, 256  # the pictures to fit to, and their side in pixels; chosen: 768 latent positions in all
CELL = 32  # pixels along each side that one latent position stands for
# The ridge's penalty, relative to the latents' variance. Chosen: channels that hardly change the pictures get small
# coefficients.
RIDGE = 1e-3


def random_latents(model: AutoencoderDC) -> Tensor:
    """Return latents f32 [PICTURES, C, h, w] of random pictures, times the scaling factor as the transformer's are.

    They are encoded, since a decoder is only trained on latents that its encoder makes.
    """
    generator = torch.Generator().manual_seed(0)
    pictures = [random_picture(generator, SIDE)[None] for _ in range(PICTURES)]
    with torch.no_grad():
        latents = torch.cat([model.encode(picture).latent for picture in pictures])
    factor: float = model.config["scaling_factor"]
    return latents * factor


def fit_preview(model: AutoencoderDC, latents: Tensor) -> dict[str, list[Any]]:
    """Return the map from latents, as the transformer returns them, to RGB, for `Manifest.preview`."""
    with torch.no_grad():
        pixels = [model.decode(latent[None] / model.config["scaling_factor"]).sample for latent in latents]
    return fit(latents.numpy(), _averaged(torch.cat(pixels) / 2 + 0.5, CELL))


def fit_draft_preview(decoder: nn.Sequential, latents: Tensor) -> dict[str, list[Any]]:
    """Return the map from a draft decoder's features to RGB. One latent position has GROWTH x GROWTH features."""
    front = decoder[: front_length(GROWTH)]
    with torch.no_grad():
        features, pixels = (torch.cat([part(latent[None]) for latent in latents]) for part in (front, decoder))
    return fit(features.numpy(), _averaged(pixels, CELL // GROWTH))


def _averaged(pixels: Tensor, side: int) -> np.ndarray:
    """Return the mean colour of each square of `side` x `side` pixels; pixels are nominally in [0, 1]."""
    return F.avg_pool2d(pixels.clamp(0, 1), side).numpy()


def fit(latents: np.ndarray, colours: np.ndarray) -> dict[str, list[Any]]:
    """Return "matrix" 3 x C and "bias" 3 of the ridge regression of colours [N, 3, h, w] on latents [N, C, h, w]."""
    x = latents.transpose(0, 2, 3, 1).reshape(-1, latents.shape[1]).astype(np.float64)
    y = colours.transpose(0, 2, 3, 1).reshape(-1, 3).astype(np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    x, y = x - x_mean, y - y_mean
    penalty = RIDGE * len(x) * x.var() * np.eye(x.shape[1])
    matrix = np.linalg.solve(x.T @ x + penalty, x.T @ y).T
    bias = y_mean - matrix @ x_mean
    return {"matrix": matrix.round(6).tolist(), "bias": bias.round(6).tolist()}
