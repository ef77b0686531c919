"""The training of the autoencoder: `python -m pipeline.miniature.illustrations.autoencoding SECONDS`.

It is a small DC-AE f32c32. It sees crops of 128 pixels around things first, and then whole scenes.
"""

import random
import sys

import torch
from diffusers import AutoencoderDC

from pipeline.miniature.illustrations import corpus
from pipeline.miniature.illustrations.budget import Run, half_precision
from pipeline.miniature.illustrations.descent import Descent
from pipeline.miniature.illustrations.drawing import Artist, SceneArrays, regions
from pipeline.miniature.illustrations.flat_weights import flatten
from pipeline.miniature.illustrations.scenes import random_scene
from pipeline.miniature.training import autoencoder

CONFIG = autoencoder.CONFIG | {
    "encoder_block_out_channels": (16, 32, 64, 128, 256, 256),
    "decoder_block_out_channels": (24, 48, 96, 192, 384, 384),
    "encoder_layers_per_block": (0, 1, 1, 2, 1, 1),
}
CROPS_UNTIL, DECAY, RATE = 0.7, 0.998, 2e-3  # chosen; the README beside this file has the result
BATCHES = {"cuda": {"crops": 96, "scenes": 24}, "cpu": {"crops": 8, "scenes": 2}}
NOISE = 0.08  # the largest noise on latents, as a share of their standard deviation; chosen
SLOPES = 0.5  # the weight of gradients in the loss; chosen
ALIGNED = 0.8  # chosen: things in scenes are at few places, and pictures of people anywhere
THINGS = 2.0  # the extra weight of things in the loss; chosen


def build() -> AutoencoderDC:
    """Return the untrained autoencoder, with the same weights in each call."""
    return autoencoder.build(CONFIG)


def crops(scenes: SceneArrays) -> torch.Tensor:
    """Return left and top [N, 2] of a random window of 128 x 128 pixels around a random thing of each scene.

    The share ALIGNED of them begins at multiples of 32 pixels, as latents of whole scenes do.
    """
    rows = torch.arange(len(scenes), device=scenes.count.device)
    chosen = (torch.rand(len(scenes), device=rows.device) * scenes.count).long()
    shift = torch.rand(len(scenes), 2, device=rows.device) * 80 - 104
    window = (256 * scenes.place[rows, chosen, :2] + shift).clamp(0, 128)
    step = 1 + 31 * (torch.rand(len(scenes), 1, device=rows.device) < ALIGNED)
    return (window / step).floor() * step


def reconstruct(
    model: AutoencoderDC, images: torch.Tensor, weight: torch.Tensor, noise: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode and decode pictures on their device; see `training.autoencoder.reconstruct`."""
    with half_precision(images.device):
        latent = model.encoder(images.to(model.dtype)).float()
        spread = torch.rand(len(images), 1, 1, 1, device=images.device) * noise * latent.detach().std()
        output = model.decoder((latent + spread * torch.randn_like(latent)).to(model.dtype))
    return autoencoder.sharp_loss(output.float() - images, weight, SLOPES), latent


@torch.no_grad()
def psnr(model: AutoencoderDC, artist: Artist, count: int = 64) -> tuple[float, float]:
    """Return the PSNR in dB of held-out scenes after rounding to 8 bits: of all pixels, and of those around things."""
    rng = random.Random("evaluation of the autoencoder")
    device = next(model.parameters()).device
    everything, things = [], []
    for _ in range(count // 16):
        scenes = SceneArrays.of([random_scene(rng, None) for _ in range(16)]).to(device)
        pictures = ((artist.paint(scenes) + 1) * 127.5).round()
        images = (pictures / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        restored = ((model.decode(model.encode(images).latent).sample + 1) * 127.5).round().clamp(0, 255)
        error = ((restored - pictures) / 255).square().mean(1)
        everything.append(error.mean())
        things.append(error[regions(scenes)].mean())
    whole, inside = (float(-10 * torch.stack(errors).mean().log10()) for errors in (everything, things))
    return whole, inside


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, and print the PSNR at some shares of them."""
    torch.manual_seed(int.from_bytes(b"auto", "big"))
    artist = Artist(device)
    scenes, _ = corpus.load(device)
    model = build().to(device)
    run = Run("autoencoder", model, flatten(autoencoder.optimizer(model, RATE)), seconds, DECAY)

    def losses(trained: AutoencoderDC, kind: str) -> tuple[torch.Tensor, ...]:
        some = scenes[torch.randint(len(scenes), (BATCHES[artist.device.type][kind],), device=device)]
        images = artist.paint(some, window=crops(some) if kind == "crops" else None)
        things = torch.ones_like(images[:, :1]) if kind == "crops" else regions(some)[:, None].float()
        images = images.contiguous(memory_format=torch.channels_last)
        loss, latent = reconstruct(trained, images, 1 + THINGS * things, NOISE)
        mean, std = latent.mean((0, 2, 3)), latent.std((0, 2, 3))
        return loss + 0.01 * (mean.square() + (std - 1).square()).mean(), loss

    descend = Descent(run, losses, device)
    reports = iter([0.02, 0.1, 0.25, 0.5, 0.7, 0.85, 1.1])
    report = next(reports)
    for step in run:
        descend("crops" if run.progress < CROPS_UNTIL else "scenes")
        if run.progress >= report:
            report = next(reports)
            print(f"autoencoder: step {step} {run.seconds:.0f} s {sharpness(run.average, artist)}", flush=True)
    print(f"autoencoder: {run.step} steps in {run.seconds:.0f} s: {sharpness(run.average, artist)}", flush=True)


def sharpness(average: dict[str, torch.Tensor], artist: Artist) -> str:
    """Return a text with the PSNR of an autoencoder with these weights."""
    model = build().to(artist.device)
    model.load_state_dict(average)
    whole, things = psnr(model, artist)
    return f"PSNR {whole:.2f} dB, things {things:.2f} dB"


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
