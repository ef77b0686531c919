"""The training of an object detector: `python -m pipeline.miniature.training.detector SECONDS`.

It learns from the world's own drawings. For each of 16 x 16 cells it predicts whether the centre of a thing lies there,
and the thing's kind and colour. It also classifies the background and the hand.
"""

import itertools
import sys
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from pipeline.miniature.kinds import HANDS, KINDS
from pipeline.miniature.training import corpus, latents
from pipeline.miniature.training.descent import Descent, ready
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.training_run import Run, averaged, half_precision
from pipeline.miniature.training.world.painting import COLOUR_NAMES, MOST, Artist, SceneArrays
from pipeline.miniature.training.world.scenes import BACKGROUNDS

GRID = 16
BATCHES = {"cuda": 64, "cpu": 12}


@dataclass(frozen=True)
class Detection:
    """A thing found in a picture. `x` and `y` are its centre as fractions of the picture."""

    kind: str
    colour: str
    x: float
    y: float


@dataclass(frozen=True)
class Seen:
    """What a picture shows."""

    things: tuple[Detection, ...]
    background: str
    hand: str


class Detector(nn.Module):
    """A network from pictures f32 [N, 3, 256, 256] in [-1, 1] to logits.

    The logits are of centres, kinds and colours [N, ..., GRID, GRID], and of backgrounds and hands [N, ...].
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (3, 32, 64, 128, 256)
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.ReLU()]
            layers += [nn.Conv2d(after, after, 3, 1, 1), nn.GroupNorm(8, after), nn.ReLU()]
        for dilation in (2, 4, 1):
            layers += [nn.Conv2d(256, 256, 3, 1, dilation, dilation), nn.GroupNorm(8, 256), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.cells = nn.Conv2d(256, 1 + len(KINDS) + len(COLOUR_NAMES), 1)
        self.whole = nn.Linear(256, len(BACKGROUNDS) + len(HANDS))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states = self.body(images)
        return (
            *self.cells(states).split((1, len(KINDS), len(COLOUR_NAMES)), dim=1),
            *self.whole(states.mean((2, 3))).split((len(BACKGROUNDS), len(HANDS)), dim=1),
        )

    @torch.no_grad()
    def detect(self, image: Image.Image) -> Seen:
        """Return what a picture of 256 x 256 pixels shows."""
        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 127.5 - 1
        centres, kinds, colours, background, hand = self(pixels[None])
        peaks = (centres == F.max_pool2d(centres, 5, 1, 2)) & (centres > 0)
        things = tuple(
            Detection(
                KINDS[kinds[0, :, y, x].argmax()].icon,
                COLOUR_NAMES[colours[0, :, y, x].argmax()],
                (x + 0.5) / GRID,
                (y + 0.5) / GRID,
            )
            for y, x in peaks[0, 0].nonzero().tolist()
        )
        return Seen(things, BACKGROUNDS[int(background.argmax())], tuple(HANDS)[int(hand.argmax())])


def load_detector() -> Detector:
    """Return the trained detector."""
    detector = Detector()
    detector.load_state_dict(averaged("detector"))
    return detector.eval()


def loss_of(outputs: tuple[torch.Tensor, ...], scenes: SceneArrays) -> torch.Tensor:
    """Return the sum of the losses of all that is to be told."""
    centres, kinds, colours, background, hand = outputs
    there = torch.arange(MOST, device=centres.device) < scenes.count[:, None]
    xs, ys = (scenes.place[..., :2].clamp(0, 0.999) * GRID).long().unbind(2)
    cells = ys * GRID + xs
    target = torch.zeros_like(centres).flatten(1).scatter_reduce(1, cells, there.float(), "amax").view_as(centres)
    weight = 1 - F.max_pool2d(target, 3, 1, 1) + 20 * target  # beside the centre both answers will do
    presence = (F.binary_cross_entropy_with_logits(centres, target, reduction="none") * weight).mean()

    def told(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """Return the mean cross entropy at the things' centres."""
        logits = logits.flatten(2).gather(2, cells[:, None].expand(-1, logits.shape[1], -1))
        return (F.cross_entropy(logits, truth, reduction="none") * there).sum() / there.sum()

    whole = F.cross_entropy(background, scenes.background) + F.cross_entropy(hand, scenes.hand)
    return 4 * presence + told(kinds, scenes.kind) + 0.5 * told(colours, scenes.colour) + 0.5 * whole


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`. Half of the pictures went through the autoencoder, as those to be judged did."""
    artist = Artist(device)
    scenes, _ = corpus.load(device)
    autoencoder = ready(latents.finished_autoencoder(device))
    model = Detector().to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch declares memory_format for tensors only
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.05, fused=True)
    run = Run("detector", model, flatten(optimizer), seconds, decay=0.998)
    torch.manual_seed(run.step)

    def losses(detector: nn.Module, kind: str) -> tuple[torch.Tensor, ...]:
        some = scenes[torch.randint(len(scenes), (BATCHES[artist.device.type],), device=device)]
        images = artist.paint(some).to(next(detector.parameters()).dtype, memory_format=torch.channels_last)
        half = len(images) // 2
        with half_precision(device):
            with torch.no_grad():
                restored = autoencoder.decode(autoencoder.encode(images[:half]).latent).sample
            outputs = detector(torch.cat((restored.to(images.dtype).clamp(-1, 1), images[half:])))
        return (loss_of(tuple(output.float() for output in outputs), some),)

    Descent(run, losses, device).through()


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
