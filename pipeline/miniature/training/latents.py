"""The transformer's training data: latents of scenes, drawn and encoded once with the finished encoder."""

import random
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.world import COLOURS, KINDS, PLACES, Scene, draw, random_scene

SCENES, BATCH = 48_000, 64
SIZES = ((256, 256),) * 7 + ((320, 192), (192, 320), (320, 256))
"""Width and height in pixels, by the scene's index. Chosen: most are square, so other sizes are known, not mastered."""


def scene_of(index: int) -> Scene:
    """Return the training scene of an index, the same in each call."""
    return random_scene(random.Random(f"transformer {index}"))


def size_of(index: int) -> tuple[int, int]:
    """Return width and height in pixels of the training scene of an index."""
    return SIZES[index % len(SIZES)]


NAMES = (len(KINDS) + 1, len(COLOURS + PLACES))
"""The numbers of kinds and of paints that a latent position can show. The background counts as a kind."""


def cells_of(scene: Scene, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the kind and the paint that each latent position shows, int [h, w] each.

    A kind is an index of KINDS, or len(KINDS) for the background. A paint is an index of COLOURS + PLACES: a thing's
    colour, a plain background's colour, or a place.
    """
    y, x = np.mgrid[16:height:32, 16:width:32]
    kinds = np.full(x.shape, len(KINDS))
    paints = np.full(x.shape, (COLOURS + PLACES).index(scene.background))
    for thing in scene.things:
        radius = thing.radius * min(width, height)
        inside = np.maximum(abs(x - thing.x * width), abs(y - thing.y * height)) < radius
        kinds[inside], paints[inside] = KINDS.index(thing.kind), COLOURS.index(thing.colour)
    return kinds, paints


class Latents:
    """The latents of all training scenes, grouped by size, since a batch has pictures of one size.

    `groups` maps a size to the indices of its scenes, i64 [N], and their latents, f16 [N, C, h, w].
    """

    def __init__(self, groups: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]]):
        self.groups = groups

    @classmethod
    def load(cls, autoencoder: AutoencoderDC) -> "Latents":
        """Load the latents from the work folder. If they are not there, draw and encode the scenes first."""
        path = WORK / "latents.pt"
        if not path.exists():
            torch.save({size: _encode(autoencoder, size) for size in dict.fromkeys(SIZES)}, path)
        return cls(torch.load(path, weights_only=True))

    def scale(self) -> float:
        """Return the scaling factor with which latents have a standard deviation of 1."""
        _, latents = self.groups[SIZES[0]]
        return round(1 / float(latents.float().std()), 5)

    def batch(self, rng: random.Random, size: int) -> tuple[list[int], torch.Tensor]:
        """Return the indices of `size` random scenes, all of one picture size, and their latents, not yet scaled.

        The latents are f32 [size, C, h, w].
        """
        indices, latents = self.groups[rng.choice(SIZES)]
        rows = rng.sample(range(len(indices)), size)
        return indices[rows].tolist(), latents[rows].float()


def _picture(index: int) -> np.ndarray:
    return np.asarray(draw(scene_of(index), *size_of(index)))


def _encode(autoencoder: AutoencoderDC, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    indices = [index for index in range(SCENES) if size_of(index) == size]
    latents = []
    with ProcessPoolExecutor(2) as pool, torch.no_grad():
        for start in range(0, len(indices), BATCH):  # draw a batch at a time: all pictures together take 9 GB
            pictures = list(pool.map(_picture, indices[start : start + BATCH], chunksize=8))
            images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
            latents.append(autoencoder.encode(images).latent.half())
    return torch.tensor(indices), torch.cat(latents)
