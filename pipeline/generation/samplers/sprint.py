"""The sampler of Sana Sprint, as in diffusers' `SanaSprintPipeline` and `SanaSprintImg2ImgPipeline`.

A transformer trained for rectified flow is used as a TrigFlow consistency model (https://arxiv.org/abs/2503.09641,
section 3.1).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from ...domain.settings import GenerationSettings
from .sampling import DenoisedStep, SamplerInputs, batch_prompts


def sprint_steps(inputs: SamplerInputs) -> Iterator[DenoisedStep]:
    """Yield each step. After each, the scheduler draws fresh noise from the generator."""
    scheduler, latents, steps = inputs.scheduler, inputs.latents, inputs.settings.num_inference_steps
    embeddings, mask = batch_prompts(inputs.prompts, len(latents))
    guidance = inputs.settings.guidance_scale * inputs.config.get("guidance_embeds_scale", 0.1)
    scheduler.set_timesteps(steps, device="cpu", **_times(inputs.settings))
    first, given = inputs.settings.first_step, inputs.given
    scheduler.set_begin_index(first)
    sigma_data = scheduler.config.sigma_data
    noise = latents * sigma_data

    def noised(index: int) -> torch.Tensor:
        """Return the given picture's latents at the noise level before step `index`, times `sigma_data`."""
        assert given
        angle = scheduler.timesteps[index]
        mixed: torch.Tensor = torch.cos(angle) * given.latents * sigma_data + torch.sin(angle) * noise
        return mixed

    noisy = noised(first) if given else noise
    for index, angle in enumerate(scheduler.timesteps[first:-1], first):
        angles = angle.expand(len(latents))
        # From TrigFlow to flow matching: the time in [0, 1], the input of the transformer, and below its output.
        time = torch.sin(angles) / (torch.cos(angles) + torch.sin(angles))
        t = time.view(-1, 1, 1, 1)
        length = torch.sqrt(t**2 + (1 - t) ** 2)
        scaled = noisy / sigma_data * length
        velocity = torch.from_numpy(
            inputs.transformer(
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
        noisy, denoised = scheduler.step(output, angle, noisy, generator=inputs.generator, return_dict=False)
        predicted_original = denoised / sigma_data
        if given:
            noisy = given.keep(noisy, noised(index + 1))
            predicted_original = given.keep(predicted_original, given.latents)
        yield DenoisedStep(index + 1 - first, steps - first, predicted_original, predicted_original)


def _times(settings: GenerationSettings) -> dict[str, Any]:
    """Return the arguments of the scheduler for its times. Those that are left out are its own defaults."""
    if settings.timesteps:
        return {"timesteps": list(settings.timesteps), "max_timesteps": None, "intermediate_timesteps": None}
    times = {"max_timesteps": settings.max_timesteps, "intermediate_timesteps": settings.intermediate_timesteps}
    given = {name: time for name, time in times.items() if time is not None}
    # The default of its intermediate timestep is only valid with two steps.
    return given if settings.num_inference_steps == 2 else {**given, "intermediate_timesteps": None}
