"""The transformer's training data: scenes drawn once, as latents of the frozen encoder."""

import random
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training.training_run import WORK
from pipeline.miniature.training.world import COLOURS, KINDS, PLACES, Scene, draw, random_scene

SCENES, BATCH = 48_000, 64
SIZES = ((256, 256),) * 7 + ((320, 192), (192, 320), (320, 256))
"""Width and height by the scene's index: most are square, so that the other sizes are known, not mastered."""


def scene_of(index: int) -> Scene:
    """Return the training scene of that index, the same at each call."""
    return random_scene(random.Random(f"transformer {index}"))


def size_of(index: int) -> tuple[int, int]:
    """Return width and height in pixels at which that training scene is drawn."""
    return SIZES[index % len(SIZES)]


NAMES = (len(KINDS) + 1, len(COLOURS + PLACES))
"""How many kinds and paints a latent position can show, the background counting as a kind."""


def cells_of(scene: Scene, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what each latent position shows, int [h, w] each: its kind (len(KINDS): background), and its paint.

    The paint is the colour of the thing or of the plain background, or after those the place.
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
    """All training scenes' latents, grouped by size, since a batch holds pictures of one size."""

    def __init__(self, groups: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]]):
        self.groups = groups

    @classmethod
    def load(cls, autoencoder: AutoencoderDC) -> "Latents":
        """Load them from the work folder; draw and encode the scenes first if that was not done yet."""
        path = WORK / "latents.pt"
        if not path.exists():
            torch.save({size: _encode(autoencoder, size) for size in dict.fromkeys(SIZES)}, path)
        return cls(torch.load(path, weights_only=True))

    def scale(self) -> float:
        """Return the scaling factor that gives the latents a standard deviation of 1."""
        _, latents = self.groups[SIZES[0]]
        return round(1 / float(latents.float().std()), 5)

    def batch(self, rng: random.Random, size: int) -> tuple[list[int], torch.Tensor]:
        """Return the indices of some scenes of one size, and their latents f32 [N, C, h, w], not yet scaled."""
        indices, latents = self.groups[rng.choice(SIZES)]
        rows = rng.sample(range(len(indices)), size)
        return indices[rows].tolist(), latents[rows].float()


def _picture(index: int) -> np.ndarray:
    return np.asarray(draw(scene_of(index), *size_of(index)))


def _encode(autoencoder: AutoencoderDC, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    indices = [index for index in range(SCENES) if size_of(index) == size]
    latents = []
    with ProcessPoolExecutor(2) as pool, torch.no_grad():
        for start in range(0, len(indices), BATCH):  # the pool is asked batch by batch: all pictures would take 9 GB
            pictures = list(pool.map(_picture, indices[start : start + BATCH], chunksize=8))
            images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
            latents.append(autoencoder.encode(images).latent.half())
    return torch.tensor(indices), torch.cat(latents)
