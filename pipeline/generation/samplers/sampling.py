"""What the loops of all families are given and what they yield; and how the embeddings of branches become one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...domain.settings import GenerationSettings
from ...runtime.compiled_model import Infer
from ..text_encoder import PromptEmbeddings


@dataclass(frozen=True)
class SamplerInputs:
    """Everything that a loop is run with.

    `transformer` is called with named inputs, and `config` is its configuration: what that leaves out is as in
    diffusers' `SanaTransformer2DModel`. `scheduler` is a fresh diffusers scheduler (they keep state). `prompts` are the
    embeddings of each branch, the positive one last. `latents` f32 [N, C, h, w] are the noise that `generator` drew.
    """

    transformer: Infer
    config: Mapping[str, Any]
    scheduler: Any
    prompts: Sequence[PromptEmbeddings]
    latents: torch.Tensor
    generator: torch.Generator
    settings: GenerationSettings


@dataclass(frozen=True)
class DenoisedStep:
    """Step `step` of `steps`, counted from 1, is done.

    `latents` f32 [N, C, h, w] are those to decode after the last step; `predicted_original` f32 [N, C, h, w] is the
    sample without noise that they point to.
    """

    step: int
    steps: int
    latents: torch.Tensor
    predicted_original: torch.Tensor


def batch_prompts(branches: Sequence[PromptEmbeddings], images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings f32 [B, n, hidden] and mask f32 [B, n] (1 keep, 0 drop) of each branch, for each image.

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
