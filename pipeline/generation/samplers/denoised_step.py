"""What the loops of all families share: what a step gives, and how the embeddings of branches become one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..text_encoder import PromptEmbeddings


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
