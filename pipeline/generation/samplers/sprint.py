"""Sana Sprint's loop, diffusers' `SanaSprintPipeline.__call__`: a flow transformer, stepped as a TrigFlow consistency
model (https://arxiv.org/abs/2503.09641, section 3.1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ...runtime.compiled_model import Infer
from ..text_encoder import PromptEmbeddings
from .denoised_step import DenoisedStep, batch_prompts


def sprint_steps(
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
    """Yield each step; see `Sampler`. The scheduler draws fresh noise from `generator` after each step."""
    embeddings, mask = batch_prompts(prompts, len(latents))
    guidance = guidance_scale * config.get("guidance_embeds_scale", 0.1)
    if num_inference_steps == 2:
        scheduler.set_timesteps(2, device="cpu")
    else:  # the scheduler's intermediate time belongs to two steps
        scheduler.set_timesteps(num_inference_steps, device="cpu", intermediate_timesteps=None)
    scheduler.set_begin_index(0)
    sigma_data = scheduler.config.sigma_data
    noisy = latents * sigma_data
    for index, angle in enumerate(scheduler.timesteps[:-1]):
        angles = angle.expand(len(latents))
        time = torch.sin(angles) / (torch.cos(angles) + torch.sin(angles))  # of flow matching, in [0, 1]
        t = time.view(-1, 1, 1, 1)
        length = torch.sqrt(t**2 + (1 - t) ** 2)
        scaled = noisy / sigma_data * length
        velocity = torch.from_numpy(
            transformer(
                {
                    "hidden_states": scaled.numpy(),
                    "encoder_hidden_states": embeddings,
                    "encoder_attention_mask": mask,
                    "timestep": time.numpy(),
                    "guidance": np.full(len(latents), guidance, dtype=np.float32),
                }
            )
        )
        output = ((1 - 2 * t) * scaled + (1 - 2 * t + 2 * t**2) * velocity) / length * sigma_data
        noisy, denoised = scheduler.step(output, angle, noisy, generator=generator, return_dict=False)
        predicted_original = denoised / sigma_data
        yield DenoisedStep(index + 1, num_inference_steps, predicted_original, predicted_original)
