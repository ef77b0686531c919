"""The inputs and the steps of all samplers, and the batch of prompt embeddings that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...domain.settings import GenerationSettings
from ...runtime.compiled_model import Infer
from ..text_encoder import PromptEmbeddings


@dataclass(frozen=True)
class GivenLatents:
    """The picture to start from, as `latents` f32 [1, C, h, w] times the scaling factor.

    `mask` f32 [1, 1, h, w] is 1 for positions to draw anew and 0 for those to keep. None draws all anew.
    """

    latents: torch.Tensor
    mask: torch.Tensor | None

    def keep(self, drawn: torch.Tensor, noised: torch.Tensor) -> torch.Tensor:
        """Return `drawn` latents, replaced where the mask is 0 by the picture's latents `noised` to the same level."""
        return drawn if self.mask is None else self.mask * drawn + (1 - self.mask) * noised


@dataclass(frozen=True)
class SamplerInputs:
    """The inputs of a sampler.

    `transformer` takes named inputs, and `config` is its configuration. A missing entry of `config` has the default of
    diffusers' `SanaTransformer2DModel`. `scheduler` is a diffusers scheduler that was not used yet, since schedulers
    keep state. `prompts` are the embeddings of each branch of guidance, the positive one last. `latents` f32
    [N, C, h, w] are the initial noise, drawn from `generator`. `given` is the picture to start from, if there is one.
    """

    transformer: Infer
    config: Mapping[str, Any]
    scheduler: Any
    prompts: Sequence[PromptEmbeddings]
    latents: torch.Tensor
    generator: torch.Generator
    settings: GenerationSettings
    given: GivenLatents | None = None


@dataclass(frozen=True)
class DenoisedStep:
    """The result of step `step` of the `steps` that are run, counted from 1.

    `latents` f32 [N, C, h, w] are decoded after the last step. `predicted_original` f32 [N, C, h, w] is the step's
    prediction of the latents without noise.
    """

    step: int
    steps: int
    latents: torch.Tensor
    predicted_original: torch.Tensor


def batch_prompts(branches: Sequence[PromptEmbeddings], images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings f32 [B, n, hidden] and mask f32 [B, n] (1 keep, 0 drop) for `images` images per branch.

    B is branches x images, branch by branch. n is the length of the longest branch. The others are padded to it with
    tokens that the mask drops, which gives the same results as diffusers' padding to the full length.
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
