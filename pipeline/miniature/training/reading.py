"""The pretraining of the text encoder: `python -m pipeline.miniature.training.reading SECONDS`.

A temporary head predicts from the prompt's last token what each part of the picture will show. This is quick, since it
needs no pictures. From the transformer's noisy loss alone, the text encoder would learn the words very slowly.
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from pipeline.miniature.kinds import KINDS
from pipeline.miniature.training import corpus
from pipeline.miniature.training.descent import Descent
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.prompts import HIDDEN, Prompts, build_text_encoder
from pipeline.miniature.training.training_run import Run, half_precision
from pipeline.miniature.training.world.painting import COLOUR_NAMES, MOST, SceneArrays
from pipeline.miniature.training.world.scenes import BACKGROUNDS

DECAY, RATE = 0.998, 2e-3  # chosen; the README beside this file has the result
BATCHES = {"cuda": 512, "cpu": 16}
ASKED = 24  # random positions in a loss; chosen: the logits of all positions would take most of the memory
GRID = 8  # positions along each side of a square picture
NAMES = (len(KINDS) + 1, len(COLOUR_NAMES) + len(BACKGROUNDS))
"""The numbers of kinds and of paints that a latent position can show. The background counts as a kind."""


class Reader(nn.Module):
    """The text encoder, with a temporary head on the last token of each prompt."""

    def __init__(self) -> None:
        super().__init__()
        self.text_encoder = build_text_encoder()
        self.head = nn.Linear(HIDDEN, GRID * GRID * 64)
        self.names = nn.Linear(64, sum(NAMES))

    def forward(self, prompts: Prompts) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return prompt embeddings [N, L, hidden], their mask [N, L], and the head's logits [N, cells, sum(NAMES)]."""
        embeddings, mask = prompts.encode(self.text_encoder)
        last = embeddings[torch.arange(len(embeddings), device=mask.device), mask.sum(1) - 1]
        return embeddings, mask, self.names(self.head(last).unflatten(1, (GRID * GRID, 64))).float()


def cells(scenes: SceneArrays, rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the kind and the paint that each latent position shows, i64 [N, rows * columns] each.

    A kind is an index of KINDS, or len(KINDS) for the background. A paint is an index of COLOUR_NAMES followed by
    BACKGROUNDS: the colour of a thing, or a background.
    """
    device = scenes.place.device
    y, x = torch.meshgrid(
        (torch.arange(rows, device=device) + 0.5) / rows, (torch.arange(columns, device=device) + 0.5) / columns,
        indexing="ij",
    )  # fmt: skip
    kinds = torch.full((len(scenes), rows, columns), len(KINDS), device=device)
    paints = (scenes.background + len(COLOUR_NAMES))[:, None, None].expand_as(kinds)
    shorter = min(rows, columns)
    for slot in range(MOST):
        centre_x, centre_y, radius = (side[:, None, None] for side in scenes.place[:, slot].unbind(1))
        inside = torch.maximum((x - centre_x).abs() * columns, (y - centre_y).abs() * rows) < radius * shorter
        inside &= (slot < scenes.count)[:, None, None]
        kinds = torch.where(inside, scenes.kind[:, slot, None, None], kinds)
        paints = torch.where(inside, scenes.colour[:, slot, None, None], paints)
    return kinds.flatten(1), paints.flatten(1)


def naming_loss(logits: torch.Tensor, scenes: SceneArrays, rows: int, columns: int) -> torch.Tensor:
    """Return the cross entropy of logits [N, rows * columns, sum(NAMES)] at ASKED random positions.

    The targets are the kinds and paints that the latent positions show.
    """
    some = torch.randint(rows * columns, (ASKED,), device=logits.device)
    kinds, paints = (names[:, some] for names in cells(scenes, rows, columns))
    kind_logits, paint_logits = logits[:, some].split(NAMES, dim=2)
    return F.cross_entropy(kind_logits.flatten(0, 1), kinds.flatten()) + F.cross_entropy(
        paint_logits.flatten(0, 1), paints.flatten()
    )


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, and print the loss every 500 steps."""
    scenes, prompts = corpus.load(device)
    model = Reader().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    run = Run("reading", model, flatten(optimizer), seconds, DECAY)
    torch.manual_seed(run.step)

    def losses(reader: nn.Module, kind: str) -> tuple[torch.Tensor, ...]:
        rows = torch.randint(len(prompts), (BATCHES[torch.device(device).type],), device=device)
        with half_precision(device):
            _, _, logits = reader(prompts[rows])
        return (naming_loss(logits, scenes[rows // corpus.PROMPTS_EACH], GRID, GRID),)

    Descent(run, losses, device).through()


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
