"""Rectified flow with classifier-free guidance: the loop of Sana 1.0 and 1.5, diffusers' `SanaPipeline.__call__`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from ...runtime.compiled_model import Infer
from ..text_encoder import PromptEmbeddings
from .denoised_step import DenoisedStep, batch_prompts


def flow_steps(
    transformer: Infer,
    scheduler: Any,
    prompts: Sequence[PromptEmbeddings],
    latents: torch.Tensor,
    *,
    num_inference_steps: int,
    guidance_scale: float,
    config: Mapping[str, Any],
    generator: torch.Generator,
) -> Iterator[DenoisedStep]:
    """Yield each step; see `Sampler`. `prompts` are [negative, positive], or [positive] without guidance."""
    embeddings, mask = batch_prompts(prompts, len(latents))
    scheduler.set_timesteps(num_inference_steps, device="cpu")
    for index, timestep in enumerate(scheduler.timesteps):
        batch = torch.cat([latents] * len(prompts))
        inputs = {
            "hidden_states": batch.numpy(),
            "encoder_hidden_states": embeddings,
            "encoder_attention_mask": mask,
            "timestep": (timestep.expand(len(batch)) * config.get("timestep_scale", 1.0)).float().numpy(),
        }
        velocity = torch.from_numpy(transformer(inputs))
        if len(prompts) == 2:
            velocity = guide(velocity, guidance_scale)
        # x_t = (1 - sigma) x_0 + sigma noise, and the velocity is noise - x_0
        predicted_original = latents - scheduler.sigmas[index] * velocity
        # generator: only stochastic solvers draw from it
        latents = scheduler.step(velocity, timestep, latents, generator=generator, return_dict=False)[0]
        yield DenoisedStep(index + 1, len(scheduler.timesteps), latents, predicted_original)


def guide(velocity: torch.Tensor, guidance_scale: float) -> torch.Tensor:
    """Return the guided velocity of a batch of [negative, positive] halves (https://arxiv.org/abs/2207.12598)."""
    negative, positive = velocity.chunk(2)
    return negative + guidance_scale * (positive - negative)
