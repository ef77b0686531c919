"""A check that a scheduler works in its family's sampler: a few steps with a tiny latent, before models are loaded."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..domain.families import Family
from ..domain.settings import GenerationSettings
from ..model_folder.files import one_sentence
from .samplers import SAMPLERS, SamplerInputs
from .text_encoder import PromptEmbeddings

STEPS = (1, 2, 4)  # Sprint's scheduler treats two steps differently from any other number


def check_scheduler(path: Path, family: Family, config: Mapping[str, Any], new_scheduler: Callable[[], Any]) -> None:
    """Raise ArtifactError, naming `path`, if a sampler with the scheduler fails or returns latents that are not finite.

    `config` is the configuration of the family's transformer.
    """

    def transformer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        return inputs["hidden_states"] / 2

    with one_sentence(f"{path} makes a scheduler that does not work"):
        for steps in STEPS:
            settings = GenerationSettings("any", num_inference_steps=steps, guidance_scale=1.0)
            generator = torch.Generator("cpu").manual_seed(0)
            latents = torch.ones(1, 1, 2, 2)
            prompts = [PromptEmbeddings(np.zeros((1, 1, 1), np.float32))]
            inputs = SamplerInputs(transformer, config, new_scheduler(), prompts, latents, generator, settings)
            *_, last = SAMPLERS[family](inputs)
            if not bool(last.latents.isfinite().all()):
                raise ValueError("its latents are no finite numbers")
