"""The pretraining of the miniature's text encoder: `python -m pipeline.miniature.training.reading`.

A temporary head predicts from the prompt's last token what each part of the picture will show. This is quick, since it
needs no pictures. From the transformer's noisy loss alone, the text encoder would learn the words very slowly.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedTokenizerFast

from pipeline.miniature.training.captions import prompt_for
from pipeline.miniature.training.latents import NAMES, cells_of
from pipeline.miniature.training.text import HIDDEN, PromptBatch, build_text_encoder, build_tokenizer
from pipeline.miniature.training.training_run import Run, ahead
from pipeline.miniature.training.world import Scene, random_scene

STEPS, BATCH, DECAY, RATE = 6_500, 64, 0.998, 2e-3  # chosen; the miniature's README has the time it took
GRID = 8  # positions along each side of a square picture


class Reader(nn.Module):
    """The text encoder, with a temporary head on the last token of each prompt."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.text_encoder = build_text_encoder(vocabulary)
        self.head = nn.Linear(HIDDEN, GRID * GRID * sum(NAMES))

    def forward(self, prompts: PromptBatch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return prompt embeddings [N, L, hidden], their mask [N, L], and the head's logits [N, cells, sum(NAMES)]."""
        embeddings, mask = prompts.encode(self.text_encoder)
        last = embeddings[torch.arange(len(embeddings)), mask.sum(1) - 1]
        return embeddings, mask, self.head(last).float().unflatten(1, (GRID * GRID, sum(NAMES)))


def naming_loss(logits: torch.Tensor, scenes: list[Scene], width: int, height: int) -> torch.Tensor:
    """Return the cross entropy of logits [N, h * w, sum(NAMES)] for the kinds and paints that latent positions show."""
    kinds, paints = (
        torch.from_numpy(np.stack(cells)) for cells in zip(*(cells_of(s, width, height) for s in scenes), strict=True)
    )
    kind_logits, paint_logits = logits.mT.split(NAMES, dim=1)
    return F.cross_entropy(kind_logits, kinds.flatten(1)) + F.cross_entropy(paint_logits, paints.flatten(1))


def batch(tokenizer: PreTrainedTokenizerFast, step: int) -> tuple[list[Scene], PromptBatch]:
    """Return the scenes and the prompts of one step."""
    rng = random.Random(f"reading step {step}")
    scenes = [random_scene(rng) for _ in range(BATCH)]
    return scenes, PromptBatch(tokenizer, [prompt_for(scene, rng) for scene in scenes])


def main() -> None:
    """Train to the last step, and print the loss every 100 steps."""
    tokenizer = build_tokenizer()
    model = Reader(len(tokenizer))
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    run = Run("reading", model, optimizer, STEPS, DECAY)
    for step, (scenes, prompts) in ahead(run, lambda step: batch(tokenizer, step)):
        with torch.autocast("cpu", torch.bfloat16):
            _, _, logits = model(prompts)
        loss = naming_loss(logits, scenes, 32 * GRID, 32 * GRID)
        run.descend(loss)
        if step % 100 == 0:
            print(f"step {step} loss {loss:.4f}, {run.seconds:.0f} s", flush=True)
    print(f"{run.step} steps in {run.seconds:.0f} s")


if __name__ == "__main__":
    main()
