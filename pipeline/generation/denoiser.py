"""The denoiser: from settings to latents, by the sampler of the model's family."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ..domain.families import Family
from ..domain.settings import GenerationSettings
from ..domain.size_parameters import SIZE_MULTIPLE
from ..runtime.compiled_model import Infer
from .samplers import SAMPLERS, DenoisedStep, GivenLatents, SamplerInputs
from .text_encoder import TextEncoder
from .variation import interpolate


def initial_latents(generator: torch.Generator, images: int, channels: int, height: int, width: int) -> torch.Tensor:
    """Return Gaussian noise f32 [images, channels, height, width], drawn as in diffusers' `randn_tensor`.

    `height` and `width` count latent positions.
    """
    return torch.randn((images, channels, height, width), generator=generator, dtype=torch.float32)


@dataclass(frozen=True)
class Denoiser:
    """A transformer with its configuration, its family, and a maker of schedulers.

    Each picture gets a scheduler of its own, because diffusers' schedulers keep state between steps.
    """

    transformer: Infer
    config: Mapping[str, Any]
    family: Family
    new_scheduler: Callable[[], Any]

    def steps(
        self,
        text_encoder: TextEncoder,
        settings: GenerationSettings,
        width: int,
        height: int,
        given: GivenLatents | None = None,
    ) -> Iterator[DenoisedStep]:
        """Yield the steps of one picture, generated at `width` x `height` pixels, and from `given` if that is not None.

        `width` and `height` replace the size in `settings`: resolution binning may have changed it. Latents are f32
        [N, C, h, w], where N is `batch_size(settings)`.
        """
        shape = self.config["in_channels"], height // SIZE_MULTIPLE, width // SIZE_MULTIPLE
        generator = torch.Generator("cpu").manual_seed(settings.seed)
        latents = initial_latents(generator, batch_size(settings), *shape)
        if settings.variation_strength:
            other = torch.Generator("cpu").manual_seed(settings.variation_seed)
            varied = initial_latents(other, batch_size(settings), *shape)
            latents = interpolate(latents, varied, settings.variation_strength)
        prompts = [text_encoder.encode(settings.prompt)]
        if self.family.branches(settings.guidance_scale) == 2:
            prompts.insert(0, text_encoder.encode_negative(settings.negative_prompt))
        scheduler = self.new_scheduler()
        inputs = SamplerInputs(self.transformer, self.config, scheduler, prompts, latents, generator, settings, given)
        return SAMPLERS[self.family](inputs)


def batch_size(settings: GenerationSettings) -> int:
    """Return how many latents are drawn together.

    It is 1, except for a picture of an earlier version, which drew all pictures of a request as one batch.
    """
    return 1 if settings.batch_index is None else settings.num_images_per_prompt
