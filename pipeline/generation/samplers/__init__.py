"""The loop of each family, as its pipeline in diffusers runs it. One more family is a file here, and a line below."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import torch

from ...domain.families import FLOW, SPRINT, Family
from ...runtime.compiled_model import Infer
from ..text_encoder import PromptEmbeddings
from .denoised_step import DenoisedStep
from .flow import flow_steps
from .sprint import sprint_steps

__all__ = ["SAMPLERS", "DenoisedStep", "Sampler"]


class Sampler(Protocol):
    """From noise to latents, step by step.

    `scheduler` is a fresh diffusers scheduler (they keep state), `prompts` are the embeddings of each branch, the
    positive one last, `latents` f32 [N, C, h, w] the noise, drawn with `generator`, and `config` the transformer's
    configuration. What that leaves out is as in diffusers' `SanaTransformer2DModel`.
    """

    def __call__(
        self,
        transformer: Infer,
        scheduler: Any,
        prompts: Sequence[PromptEmbeddings],
        latents: torch.Tensor,
        *,
        num_inference_steps: int,
        guidance_scale: float,
        config: Mapping[str, Any],
        generator: torch.Generator,
    ) -> Iterator[DenoisedStep]: ...


SAMPLERS: dict[Family, Sampler] = {FLOW: flow_steps, SPRINT: sprint_steps}
