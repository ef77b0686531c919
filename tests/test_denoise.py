"""The denoising loop on fake components: what reaches the transformer, and what the scheduler makes of the answer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler

from pipeline.domain.families import FAMILIES
from pipeline.domain.settings import GenerationSettings
from pipeline.generation.denoiser import initial_latents
from pipeline.generation.samplers import SAMPLERS, SamplerInputs
from pipeline.generation.samplers.flow import flow_steps, guide
from pipeline.generation.samplers.sampling import DenoisedStep, batch_prompts
from pipeline.generation.text_encoder import PromptEmbeddings

SHAPE = (2, 4, 3, 5)  # images, channels, height, width


class FakeTransformer:
    """Velocity = mean of the embeddings that the mask keeps, everywhere; remembers its inputs."""

    def __init__(self) -> None:
        self.calls: list[dict[str, np.ndarray]] = []

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        self.calls.append(inputs)
        mask = inputs["encoder_attention_mask"][..., None]
        value = (inputs["encoder_hidden_states"] * mask).sum((1, 2)) / mask.sum((1, 2))
        return np.broadcast_to(value[:, None, None, None], inputs["hidden_states"].shape).astype(np.float32)


def prompt(tokens: int, value: float) -> PromptEmbeddings:
    return PromptEmbeddings(np.full((1, tokens, 1), value, dtype=np.float32))


def flow_dpm_solver() -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0)


def inputs(
    transformer: FakeTransformer, prompts: list[PromptEmbeddings], scheduler: Any = None, seed: int = 0, **settings: Any
) -> SamplerInputs:
    generator = torch.Generator("cpu").manual_seed(seed)
    return SamplerInputs(
        transformer=transformer,
        config={"timestep_scale": 0.5},
        scheduler=scheduler or flow_dpm_solver(),
        prompts=prompts,
        latents=initial_latents(generator, *SHAPE),
        generator=generator,
        settings=GenerationSettings("a house", **settings),
    )


def run(
    transformer: FakeTransformer,
    negative: PromptEmbeddings | None = None,
    guidance_scale: float = 1.0,
    scheduler: Any = None,
    seed: int = 0,
) -> list[DenoisedStep]:
    prompts = [negative, prompt(7, 2.0)] if negative else [prompt(7, 2.0)]
    settings = {"num_inference_steps": 5, "guidance_scale": guidance_scale}
    return list(flow_steps(inputs(transformer, prompts, scheduler, seed, **settings)))


def test_every_family_has_a_loop() -> None:
    assert SAMPLERS.keys() == set(FAMILIES.values())


def test_initial_latents_are_those_of_diffusers() -> None:
    from diffusers.utils.torch_utils import randn_tensor

    ours = initial_latents(torch.Generator("cpu").manual_seed(7), *SHAPE)
    theirs = randn_tensor(SHAPE, generator=torch.Generator("cpu").manual_seed(7), dtype=torch.float32)
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, initial_latents(torch.Generator("cpu").manual_seed(8), *SHAPE))


def test_guidance_starts_from_the_first_half_the_negative_one() -> None:
    velocity = torch.tensor([[1.0], [10.0], [2.0], [30.0]])
    assert guide(velocity, 4.0).tolist() == [[1.0 + 4 * 1.0], [10.0 + 4 * 20.0]]


def test_branches_are_padded_and_masked_to_the_longer_one() -> None:
    embeddings, mask = batch_prompts([prompt(1, 5.0), prompt(3, 2.0)], images=2)
    assert embeddings[..., 0].tolist() == [[5, 0, 0], [5, 0, 0], [2, 2, 2], [2, 2, 2]]
    assert mask.tolist() == [[1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]]
    assert embeddings.dtype == mask.dtype == np.float32


def test_without_guidance_there_is_no_second_branch() -> None:
    transformer = FakeTransformer()
    run(transformer)
    assert {call["hidden_states"].shape for call in transformer.calls} == {SHAPE}


def test_guided_batch_is_negative_then_positive_over_the_same_latents() -> None:
    transformer = FakeTransformer()
    run(transformer, negative=prompt(2, -1.0), guidance_scale=3.0)
    first = transformer.calls[0]
    assert first["encoder_hidden_states"][:, 0, 0].tolist() == [-1, -1, 2, 2]
    assert np.array_equal(first["hidden_states"][:2], first["hidden_states"][2:])
    assert {value.dtype for value in first.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("scheduler", [flow_dpm_solver, lambda: FlowMatchEulerDiscreteScheduler(shift=3.0)])
def test_a_constant_velocity_is_integrated_exactly(scheduler: Callable[[], Any]) -> None:
    # With a constant velocity v, every flow solver must end at noise - v: x_t = (1 - sigma) x_0 + sigma noise.
    guided_velocity = -1.0 + 3.0 * (2.0 - -1.0)
    latents = initial_latents(torch.Generator("cpu").manual_seed(0), *SHAPE)
    steps = run(FakeTransformer(), negative=prompt(2, -1.0), guidance_scale=3.0, scheduler=scheduler())
    assert [(step.step, step.steps) for step in steps] == [(n, 5) for n in range(1, 6)]
    sigma = float(scheduler_sigmas(scheduler())[0])
    torch.testing.assert_close(steps[-1].latents, latents - sigma * guided_velocity, rtol=0, atol=1e-4)
    for step in steps:  # and the predicted original sample, which the preview shows, is there from the first step on
        torch.testing.assert_close(step.predicted_original, latents - sigma * guided_velocity, rtol=0, atol=1e-4)


def scheduler_sigmas(scheduler: Any) -> torch.Tensor:
    scheduler.set_timesteps(5)
    return scheduler.sigmas


def test_timesteps_are_the_schedulers_times_the_models_scale() -> None:
    transformer = FakeTransformer()
    run(transformer)
    scheduler = flow_dpm_solver()
    scheduler.set_timesteps(5)
    assert [call["timestep"].tolist() for call in transformer.calls] == [[t * 0.5] * 2 for t in scheduler.timesteps]


def test_same_seed_same_latents_other_seed_other_latents() -> None:
    first, again, other = (run(FakeTransformer(), seed=seed)[-1].latents for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_closing_the_loop_stops_before_the_next_step() -> None:
    transformer = FakeTransformer()
    steps: Any = flow_steps(inputs(transformer, [prompt(1, 1.0)], num_inference_steps=50))
    next(steps)
    steps.close()
    assert len(transformer.calls) == 1
