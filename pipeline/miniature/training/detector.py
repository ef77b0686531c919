"""A small object detector for the miniature's world, trained on the world's own drawings.

For each of 16 x 16 cells it predicts whether the centre of a thing lies there, and the thing's kind and colour. It also
classifies the background. `evaluate` trains it on first use, and prints its accuracy on held-out drawings.
"""

import itertools
import random
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from torch import nn

from pipeline.miniature.training.training_run import Run, ahead
from pipeline.miniature.training.world import BACKGROUNDS, COLOURS, KINDS, Scene, draw, random_scene

GRID = 16
STEPS, BATCH = 1_500, 24  # chosen; the first rows of the table in the miniature's README have the resulting accuracy
RUN = "judge"  # the detector's old name, kept since it seeds the training and names the file of its state


@dataclass(frozen=True)
class Detection:
    """A thing found in a picture. `x` and `y` are its centre as fractions of the picture."""

    kind: str
    colour: str
    x: float
    y: float


class Detector(nn.Module):
    """A network from pictures f32 [N, 3, 256, 256] in [-1, 1] to logits.

    The logits are of centres, kinds and colours, [N, ..., GRID, GRID] each, and of backgrounds [N, ...].
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (3, 16, 32, 64, 128)
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.ReLU()]
            layers += [nn.Conv2d(after, after, 3, 1, 1), nn.GroupNorm(8, after), nn.ReLU()]
        for dilation in (2, 4):
            layers += [nn.Conv2d(128, 128, 3, 1, dilation, dilation), nn.GroupNorm(8, 128), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.cells = nn.Conv2d(128, 1 + len(KINDS) + len(COLOURS), 1)
        self.background = nn.Linear(128, len(BACKGROUNDS))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states = self.body(images)
        return *self.cells(states).split((1, len(KINDS), len(COLOURS)), dim=1), self.background(states.mean((2, 3)))

    @torch.no_grad()
    def detect(self, image: Image.Image) -> tuple[list[Detection], str]:
        """Return the things in a picture of 256 x 256 pixels, and the name of its background."""
        centres, kinds, colours, background = self(_tensor(image)[None])
        peaks = (centres == F.max_pool2d(centres, 3, 1, 1)) & (centres > 0)
        detections = [
            Detection(
                KINDS[kinds[0, :, y, x].argmax()],
                COLOURS[colours[0, :, y, x].argmax()],
                (x + 0.5) / GRID,
                (y + 0.5) / GRID,
            )
            for y, x in peaks[0, 0].nonzero().tolist()
        ]
        return detections, BACKGROUNDS[int(background.argmax())]


def load_detector() -> Detector:
    """Return the trained detector from the work folder. Train it first if it is missing or not finished."""
    detector = Detector()
    optimizer = torch.optim.AdamW(detector.parameters(), 3e-3, weight_decay=0.05)
    run = Run(RUN, detector, optimizer, STEPS, decay=0.99)
    for step, (images, scenes) in ahead(run, _batch):
        with torch.autocast("cpu", torch.bfloat16):
            outputs = detector(images)
        loss = _loss(tuple(output.float() for output in outputs), scenes)
        run.descend(loss)
        if step % 200 == 0:
            print(f"detector: step {step} of {STEPS}, loss {loss.item():.3f}, {run.seconds:.0f} s", flush=True)
    detector.load_state_dict(run.average)
    return detector.eval()


def _loss(outputs: tuple[torch.Tensor, ...], scenes: list[Scene]) -> torch.Tensor:
    centres, kinds, colours, background = outputs
    target, weight = torch.zeros_like(centres), torch.ones_like(centres)
    rows, things = zip(*((row, thing) for row, scene in enumerate(scenes) for thing in scene.things), strict=True)
    xs, ys = ([int(at * GRID) for at in axis] for axis in zip(*((thing.x, thing.y) for thing in things), strict=True))
    for row, y, x in zip(rows, ys, xs, strict=True):  # cells beside a centre do not count
        weight[row, 0, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = 0
    target[rows, 0, ys, xs], weight[rows, 0, ys, xs] = 1, 20
    presence = (F.binary_cross_entropy_with_logits(centres, target, reduction="none") * weight).mean()
    kind = F.cross_entropy(kinds[rows, :, ys, xs], torch.tensor([KINDS.index(thing.kind) for thing in things]))
    colour = F.cross_entropy(colours[rows, :, ys, xs], torch.tensor([COLOURS.index(thing.colour) for thing in things]))
    where = torch.tensor([BACKGROUNDS.index(scene.background) for scene in scenes])
    return 4 * presence + kind + colour + F.cross_entropy(background, where)


def _batch(step: int) -> tuple[torch.Tensor, list[Scene]]:
    """Draw the pictures of one step. Some are blurred a little, since the autoencoder softens those to be evaluated."""
    rng = random.Random(f"{RUN} {step}")
    scenes = [random_scene(rng, unseen=None) for _ in range(BATCH)]
    images = [draw(scene).filter(ImageFilter.GaussianBlur(rng.choice((0, 1, 2)) * rng.random())) for scene in scenes]
    return torch.stack([_tensor(image) for image in images]), scenes


def _tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1
