"""From noise to latents: the initial latents, and the steps of the model's family."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from .components import Infer
from .families import DenoisedStep, flow_steps, sprint_steps
from .settings import SIZE_MULTIPLE, GenerationSettings
from .text_encoder import TextEncoder


def initial_latents(generator: torch.Generator, images: int, channels: int, height: int, width: int) -> torch.Tensor:
    """Gaussian noise f32 [images, channels, height, width] (in latent positions), as diffusers draws it."""
    return torch.randn((images, channels, height, width), generator=generator, dtype=torch.float32)


@dataclass(frozen=True)
class Denoiser:
    """A transformer with its own configuration, its family, and what makes a fresh scheduler (they keep state).

    What a configuration leaves out is as in diffusers' `SanaTransformer2DModel`.
    """

    transformer: Infer
    config: dict[str, Any]
    family: str
    new_scheduler: Callable[[], Any]

    def branches(self, settings: GenerationSettings) -> int:
        """How many latents go through the transformer for each picture: with guidance, a negative one as well."""
        # as in diffusers: a scale of 1 or less computes no negative branch, and Sprint's guidance is an input
        return 2 if self.family == "flow" and settings.guidance_scale > 1 else 1

    def steps(
        self, text_encoder: TextEncoder, settings: GenerationSettings, width: int, height: int
    ) -> Iterator[DenoisedStep]:
        """Draws the settings' prompt at `width` x `height` pixels, which may be a bin instead of the size asked for."""
        generator = torch.Generator("cpu").manual_seed(settings.seed)
        latents = initial_latents(
            generator,
            settings.num_images_per_prompt,
            self.config["in_channels"],
            height // SIZE_MULTIPLE,
            width // SIZE_MULTIPLE,
        )
        prompt = text_encoder.encode(settings.prompt)
        if self.family == "sprint":
            return sprint_steps(
                self.transformer,
                self.new_scheduler(),
                prompt,
                latents,
                num_inference_steps=settings.num_inference_steps,
                guidance=settings.guidance_scale * self.config.get("guidance_embeds_scale", 0.1),
                generator=generator,
            )
        return flow_steps(
            self.transformer,
            self.new_scheduler(),
            prompt,
            text_encoder.encode_negative(settings.negative_prompt) if self.branches(settings) == 2 else None,
            latents,
            num_inference_steps=settings.num_inference_steps,
            guidance_scale=settings.guidance_scale,
            timestep_scale=self.config.get("timestep_scale", 1.0),
            generator=generator,
        )
