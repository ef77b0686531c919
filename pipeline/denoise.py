"""From noise to latents: initial latents, guidance, and the steps of the flow family."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .components import Infer
from .text_encoder import PromptEmbeddings


@dataclass(frozen=True)
class DenoisedStep:
    """After step `step` of `steps`: the latents, and the clean latents they point to; both f32 [N, C, h, w]."""

    step: int
    steps: int
    latents: torch.Tensor
    clean: torch.Tensor


def initial_latents(generator: torch.Generator, images: int, channels: int, height: int, width: int) -> torch.Tensor:
    """Gaussian noise f32 [images, channels, height, width] (in latent positions), as diffusers draws it."""
    return torch.randn((images, channels, height, width), generator=generator, dtype=torch.float32)


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


def denoise(
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
