"""The sampler of Sana 1.0 and 1.5: rectified flow with classifier-free guidance, as in diffusers' `SanaPipeline`."""

from collections.abc import Iterator

import torch

from .sampling import DenoisedStep, SamplerInputs, batch_prompts


def flow_steps(inputs: SamplerInputs) -> Iterator[DenoisedStep]:
    """Yield each step. `inputs.prompts` are [negative, positive], or [positive] without guidance."""
    scheduler, latents, settings = inputs.scheduler, inputs.latents, inputs.settings
    branches = len(inputs.prompts)
    embeddings, mask = batch_prompts(inputs.prompts, len(latents))
    scheduler.set_timesteps(settings.num_inference_steps, device="cpu")
    for index, timestep in enumerate(scheduler.timesteps):
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
        yield DenoisedStep(index + 1, len(scheduler.timesteps), latents, predicted_original)


def guide(velocity: torch.Tensor, guidance_scale: float) -> torch.Tensor:
    """Apply classifier-free guidance (https://arxiv.org/abs/2207.12598) to a batch of [negative, positive] halves."""
    negative, positive = velocity.chunk(2)
    return negative + guidance_scale * (positive - negative)
