"""The steps of the two families, as diffusers' pipelines take them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .components import Infer
from .text_encoder import PromptEmbeddings


@dataclass(frozen=True)
class DenoisedStep:
    """After step `step` of `steps`: the latents, which after the last step are those to decode, and the clean latents
    they point to; both f32 [N, C, h, w]."""

    step: int
    steps: int
    latents: torch.Tensor
    clean: torch.Tensor


def batch_prompts(branches: list[PromptEmbeddings], images: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings f32 [B, n, hidden] and mask f32 [B, n] (1 keep, 0 drop) of each branch repeated for each image.

    n is the longest branch's length. The transformer masks what is padded here, so a short batch is exact.
    """
    longest = max(branch.embeddings.shape[1] for branch in branches)
    embeddings, masks = [], []
    for branch in branches:
        padding = longest - branch.embeddings.shape[1]
        embeddings += [np.pad(branch.embeddings, ((0, 0), (0, padding), (0, 0)))] * images
        mask = np.ones((1, longest), dtype=np.float32)
        mask[:, longest - padding :] = 0
        masks += [mask] * images
    return np.concatenate(embeddings), np.concatenate(masks)


def guide(velocity: torch.Tensor, guidance_scale: float) -> torch.Tensor:
    """Classifier-free guidance (https://arxiv.org/abs/2207.12598) on a batch of [negative, positive] halves."""
    negative, positive = velocity.chunk(2)
    return negative + guidance_scale * (positive - negative)


def flow_steps(
    transformer: Infer,
    scheduler: Any,
    prompt: PromptEmbeddings,
    negative: PromptEmbeddings | None,
    latents: torch.Tensor,
    *,
    num_inference_steps: int,
    guidance_scale: float,
    timestep_scale: float,
    generator: torch.Generator,
) -> Iterator[DenoisedStep]:
    """The loop of diffusers' `SanaPipeline.__call__`; `negative` is None where there is no guidance (scale <= 1).

    `scheduler` is a fresh diffusers scheduler of the flow family, `generator` the one the latents were drawn with.
    """
    branches = [prompt] if negative is None else [negative, prompt]
    embeddings, mask = batch_prompts(branches, len(latents))
    scheduler.set_timesteps(num_inference_steps, device="cpu")
    for index, timestep in enumerate(scheduler.timesteps):
        batch = torch.cat([latents] * len(branches))
        inputs = {
            "hidden_states": batch.numpy(),
            "encoder_hidden_states": embeddings,
            "encoder_attention_mask": mask,
            "timestep": (timestep.expand(len(batch)) * timestep_scale).float().numpy(),
        }
        velocity = torch.from_numpy(transformer(inputs))
        if negative is not None:
            velocity = guide(velocity, guidance_scale)
        clean = latents - scheduler.sigmas[index] * velocity  # rectified flow: x_t = (1 - sigma) x_0 + sigma noise
        # generator: only stochastic solvers draw from it
        latents = scheduler.step(velocity, timestep, latents, generator=generator, return_dict=False)[0]
        yield DenoisedStep(index + 1, len(scheduler.timesteps), latents, clean)


def sprint_steps(
    transformer: Infer,
    scheduler: Any,
    prompt: PromptEmbeddings,
    latents: torch.Tensor,
    *,
    num_inference_steps: int,
    guidance: float,
    generator: torch.Generator,
) -> Iterator[DenoisedStep]:
    """The loop of diffusers' `SanaSprintPipeline.__call__`: a flow transformer, stepped as a TrigFlow consistency model
    (https://arxiv.org/abs/2503.09641, section 3.1).

    `guidance` is the guidance scale times the transformer's `guidance_embeds_scale`. The scheduler draws fresh noise
    from `generator` after each step.
    """
    embeddings, mask = batch_prompts([prompt], len(latents))
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
        clean = denoised / sigma_data
        yield DenoisedStep(index + 1, num_inference_steps, clean, clean)
