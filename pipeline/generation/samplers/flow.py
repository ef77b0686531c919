"""The sampler of Sana 1.0 and 1.5: rectified flow with classifier-free guidance, as in diffusers' `SanaPipeline`.

diffusers has no pipeline of this family that starts from a picture. The start here follows its
`StableDiffusion3Img2ImgPipeline`.
"""

from collections.abc import Iterator
from typing import Any

import torch

from .sampling import DenoisedStep, SamplerInputs, batch_prompts


def flow_steps(inputs: SamplerInputs) -> Iterator[DenoisedStep]:
    """Yield each step. `inputs.prompts` are [negative, positive], or [positive] without guidance."""
    latents, settings = inputs.latents, inputs.settings
    scheduler = _shifted(inputs.scheduler, settings.flow_shift)
    branches = len(inputs.prompts)
    embeddings, mask = batch_prompts(inputs.prompts, len(latents))
    scheduler.set_timesteps(settings.num_inference_steps, device="cpu")
    first, noise, given = settings.first_step, latents, inputs.given
    scheduler.set_begin_index(first)

    def noised(index: int) -> torch.Tensor:
        """Return the given picture's latents at the noise level before step `index`."""
        assert given
        sigma = scheduler.sigmas[index]
        mixed: torch.Tensor = (1 - sigma) * given.latents + sigma * noise
        return mixed

    if given and settings.strength < 1:  # full strength means noise alone, though the first sigma is slightly below 1
        latents = noised(first)
    for index, timestep in enumerate(scheduler.timesteps[first:], first):
        batch = torch.cat([latents] * branches)
        velocity = torch.from_numpy(
            inputs.transformer(
                {
                    "hidden_states": batch.numpy(),
                    "encoder_hidden_states": embeddings,
                    "encoder_attention_mask": mask,
                    "timestep": (timestep.expand(len(batch)) * inputs.config.get("timestep_scale", 1.0))
                    .float()
                    .numpy(),
                }
            )
        )
        if branches == 2:
            velocity = guide(velocity, settings.guidance_scale)
        # latents = (1 - sigma) * original + sigma * noise, and velocity = noise - original
        predicted_original = latents - scheduler.sigmas[index] * velocity
        # Only stochastic solvers draw from the generator.
        latents = scheduler.step(velocity, timestep, latents, generator=inputs.generator, return_dict=False)[0]
        if given:
            latents = given.keep(latents, noised(index + 1))
        yield DenoisedStep(index + 1 - first, len(scheduler.timesteps) - first, latents, predicted_original)


def guide(velocity: torch.Tensor, guidance_scale: float) -> torch.Tensor:
    """Apply classifier-free guidance (https://arxiv.org/abs/2207.12598) to a batch of [negative, positive] halves."""
    negative, positive = velocity.chunk(2)
    return negative + guidance_scale * (positive - negative)


def _shifted(scheduler: Any, flow_shift: float | None) -> Any:
    """Return a scheduler with another shift of its noise levels; the same one for None."""
    if flow_shift is None:
        return scheduler
    name = "flow_shift" if "flow_shift" in scheduler.config else "shift"  # so diffusers' two classes of schedulers
    return type(scheduler).from_config(scheduler.config, **{name: flow_shift})
