"""A small object detector, trained on the world's own drawings, that says what a picture shows.

For each of 16 x 16 cells it says whether the centre of a thing lies there, of which kind and in which colour; it
names the background and the hand, too: `python -m pipeline.miniature.illustrations.detecting SECONDS` trains it.
"""

import itertools
import sys
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from pipeline.miniature.illustrations import corpus
from pipeline.miniature.illustrations.budget import Run, averaged, half_precision
from pipeline.miniature.illustrations.drawing import COLOUR_NAMES, MOST, Artist, SceneArrays
from pipeline.miniature.illustrations.encoding import finished_autoencoder
from pipeline.miniature.illustrations.kinds import HANDS, KINDS
from pipeline.miniature.illustrations.scenes import BACKGROUNDS

GRID = 16
BATCHES = {"cuda": 192, "cpu": 24}


@dataclass(frozen=True)
class Detection:
    """One thing that was found; `x` and `y` are its centre as fractions of the picture."""

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
    """Pictures f32 [N, 3, 256, 256] in [-1, 1] -> logits of centres, kinds and colours per cell, backgrounds, hands."""

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
    """Return the sum of the losses of everything that is to be told."""
    centres, kinds, colours, background, hand = outputs
    there = torch.arange(MOST, device=centres.device) < scenes.count[:, None]
    rows, slots = there.nonzero(as_tuple=True)
    xs, ys = (scenes.place[rows, slots, :2].clamp(0, 0.999) * GRID).long().unbind(1)
    target = torch.zeros_like(centres)
    target[rows, 0, ys, xs] = 1
    weight = 1 - F.max_pool2d(target, 3, 1, 1) + 20 * target  # beside the centre both answers will do
    presence = (F.binary_cross_entropy_with_logits(centres, target, reduction="none") * weight).mean()
    kind = F.cross_entropy(kinds[rows, :, ys, xs], scenes.kind[rows, slots])
    colour = F.cross_entropy(colours[rows, :, ys, xs], scenes.colour[rows, slots])
    whole = F.cross_entropy(background, scenes.background) + F.cross_entropy(hand, scenes.hand)
    return 4 * presence + kind + 0.5 * colour + 0.5 * whole


def main(seconds: float, device: str = "cpu") -> None:
    """Train for so many seconds. Half of the pictures went through the autoencoder, as those to be judged did."""
    artist = Artist(device)
    scenes, _ = corpus.load(device)
    autoencoder = finished_autoencoder(device)
    model = Detector().to(memory_format=torch.channels_last).to(device)  # type: ignore[call-overload]  # of Module: torch declares it for tensors only
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.05, fused=True)
    run = Run("detector", model, optimizer, seconds, decay=0.998)
    torch.manual_seed(run.step)
    for step in run:
        some = scenes[torch.randint(len(scenes), (BATCHES[torch.device(device).type],), device=device)]
        images = artist.paint(some).contiguous(memory_format=torch.channels_last)
        half = len(images) // 2
        with half_precision(device):
            with torch.no_grad():
                restored = autoencoder.decode(autoencoder.encode(images[:half]).latent).sample
            outputs = model(torch.cat((restored.float().clamp(-1, 1), images[half:])))
        loss = loss_of(tuple(output.float() for output in outputs), some)
        run.descend(loss)
        if step % 200 == 0:
            print(f"detector: step {step} loss {loss.item():.3f}, {run.seconds:.0f} s", flush=True)
    print(f"detector: {run.step} steps in {run.seconds:.0f} s, loss {loss.item():.3f}", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
