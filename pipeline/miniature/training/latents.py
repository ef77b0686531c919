"""The transformer's training data: latents of the corpus, painted and encoded once with the finished autoencoder."""

import os
import random

import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training import autoencoder, corpus
from pipeline.miniature.training.descent import ready
from pipeline.miniature.training.training_run import WORK, averaged, half_precision
from pipeline.miniature.training.world.painting import Artist, SceneArrays

LATENTS = WORK / "latents.pt"
SIZES = {(256, 256): 0.8, (384, 256): 0.1, (256, 384): 0.1}
"""The share of scenes that is painted at each width and height; chosen."""
BATCH = 256  # scenes encoded at a time; chosen


def finished_autoencoder(device: str | torch.device) -> AutoencoderDC:
    """Return the trained autoencoder, frozen."""
    model = autoencoder.build().to(device)
    model.load_state_dict(averaged("autoencoder", device))
    return model.requires_grad_(False).eval()


class Latents:
    """The latents of the corpus, grouped by size.

    The group of each of SIZES, named like "256x256", has the row in the corpus of its first scene, and its latents bf16
    [N, C, h, w]. The other scenes of the group follow in the corpus. `scale` is the scaling factor.
    """

    def __init__(self, groups: list[tuple[int, torch.Tensor]], scale: float):
        self.groups = dict(zip((f"{width}x{height}" for width, height in SIZES), groups, strict=True))
        self.scale = scale

    def random_size(self, rng: random.Random) -> str:
        """Return the name of a random group."""
        return rng.choices(tuple(self.groups), weights=tuple(SIZES.values()))[0]

    def batch(self, size: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the rows in the corpus i64 [N] and the scaled latents f32 [N, C, h, w] of random scenes of a size.

        N is `count` for square pictures, and two thirds of it for the others, which have 1.5 times the pixels.
        """
        start, latents = self.groups[size]
        number = count if size == "256x256" else count * 2 // 3
        rows = torch.randint(len(latents), (number,), device=latents.device)
        return rows + start, latents[rows].float() * self.scale


@torch.no_grad()
def load(device: str | torch.device) -> Latents:
    """Return the latents of the corpus. If they are not in the work folder, paint and encode the scenes first."""
    if not LATENTS.exists():
        scenes, _ = corpus.load(device)
        model, artist = ready(finished_autoencoder(device)), Artist(device)
        groups, start = [], 0
        for (width, height), share in SIZES.items():
            end = start + round(len(scenes) * share)
            parts = []
            for first in range(start, end, BATCH):
                some = scenes[torch.arange(first, min(first + BATCH, end), device=device)]
                parts.append(_encode(model, artist, some, width, height))
            groups.append((start, torch.cat(parts)))
            start = end
        scale = round(1 / float(groups[0][1][:20_000].float().std()), 5)
        aside = LATENTS.with_suffix(".tmp")
        torch.save({"groups": groups, "scale": scale}, aside)
        os.replace(aside, LATENTS)
    state = torch.load(LATENTS, weights_only=True, map_location=device)
    return Latents(state["groups"], state["scale"])


def _encode(model: AutoencoderDC, artist: Artist, scenes: SceneArrays, width: int, height: int) -> torch.Tensor:
    images = artist.paint(scenes, width, height).contiguous(memory_format=torch.channels_last)
    with half_precision(artist.device):
        latent: torch.Tensor = model.encode(images.to(model.dtype)).latent
    return latent.bfloat16()
