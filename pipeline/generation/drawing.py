"""The drawing of one picture, update by update: its denoising, and then its decoding."""

import time
from collections.abc import Generator

import numpy as np
import torch

from ..domain.settings import GenerationSettings
from ..domain.updates import DecodeUpdate, StepUpdate
from ..runtime.malloc import retain_freed_memory
from .samplers import GivenLatents
from .stages import Stages
from .vae_decoder import to_picture


def draw(
    stages: Stages,
    settings: GenerationSettings,
    size: tuple[int, int],
    given: GivenLatents | None,
    image: int,
    images: int,
) -> Generator[StepUpdate | DecodeUpdate, None, np.ndarray]:
    """Yield the updates of picture `image` of `images`; return its pixels f32 [H, W, 3] in [0, 1].

    The picture is generated at `size` (width, height in pixels), which resolution binning may have changed. It starts
    from `given` if that is not None.
    """
    latent = yield from _denoise(stages, settings, size, given, image, images)
    # For large pictures, the transformer's activations take as much memory as the decoder's. Do not hold both.
    stages.release_activations()
    with retain_freed_memory():
        decoded = None
        for decoded in stages.decoder(settings).decode(latent):
            yield DecodeUpdate(image, images, decoded.band, decoded.bands)
        assert decoded is not None
        assert decoded.features is not None
        return to_picture(decoded.features, settings.width, settings.height)


def _denoise(
    stages: Stages,
    settings: GenerationSettings,
    size: tuple[int, int],
    given: GivenLatents | None,
    image: int,
    images: int,
) -> Generator[StepUpdate, None, torch.Tensor]:
    """Yield an update per step; return the latent f32 [C, h, w]."""
    start = time.perf_counter()
    place = settings.batch_index or 0
    latent = torch.empty(0)
    for step in stages.denoiser.steps(stages.text_encoder, settings, *size, given):
        latent = step.latents[place]
        show = stages.preview
        rough = step.predicted_original[place].numpy()
        preview = show(rough, settings.width, settings.height) if show else None
        yield StepUpdate(step.step, step.steps, preview, time.perf_counter() - start, image, images)
    return latent
