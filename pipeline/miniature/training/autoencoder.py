"""The training of the autoencoder: `python -m pipeline.miniature.training.autoencoder SECONDS`.

It is a small DC-AE f32c32. It sees crops of 128 pixels around things first, and then whole scenes.
"""

import random
import sys
from typing import Any

import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training import corpus
from pipeline.miniature.training.descent import Descent
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.training_run import Run, half_precision
from pipeline.miniature.training.world.painting import Artist, SceneArrays, regions
from pipeline.miniature.training.world.scenes import random_scene

CONFIG: dict[str, Any] = {
    "attention_head_dim": 32,
    "encoder_block_types": ("ResBlock",) * 4 + ("EfficientViTBlock",) * 2,
    "decoder_block_types": ("ResBlock",) * 4 + ("EfficientViTBlock",) * 2,
    "encoder_block_out_channels": (16, 32, 64, 128, 256, 256),
    "decoder_block_out_channels": (24, 48, 96, 192, 384, 384),
    "encoder_layers_per_block": (0, 1, 1, 2, 1, 1),
    "decoder_layers_per_block": (0, 2, 2, 2, 1, 1),
    "encoder_qkv_multiscales": ((), (), (), (), (5,), (5,)),
    "decoder_qkv_multiscales": ((), (), (), (), (5,), (5,)),
    "downsample_block_type": "conv",
    "upsample_block_type": "interpolate",
    "encoder_out_shortcut": False,
}
CROPS_UNTIL, DECAY, RATE = 0.7, 0.998, 2e-3  # chosen; the README beside this file has the result
BATCHES = {"cuda": {"crops": 96, "scenes": 24}, "cpu": {"crops": 8, "scenes": 2}}
NOISE = 0.08  # the largest noise on latents, as a share of their standard deviation; chosen
SLOPES = 0.5  # the weight of gradients in the loss; chosen
ALIGNED = 0.8  # chosen: things in scenes are at few places, and pictures of people anywhere
THINGS = 2.0  # the extra weight of things in the loss; chosen


def build() -> AutoencoderDC:
    """Return the untrained autoencoder, with the same weights in each call."""
    torch.manual_seed(0)
    model = AutoencoderDC(**CONFIG).to(memory_format=torch.channels_last)
    for name, parameter in model.named_parameters():  # small residual branches, or deep stages would swamp the signal
        if name.endswith("norm.weight") or (name.endswith("norm_out.weight") and "decoder.norm_out" not in name):
            torch.nn.init.constant_(parameter, 0.2)
    return model


def optimizer(model: torch.nn.Module, peak: float) -> torch.optim.Optimizer:
    """Return AdamW with a learning rate for each fan-in, lower for larger ones.

    With a single rate for all, the training stalls at 17 dB.
    """
    groups: dict[int, list[torch.nn.Parameter]] = {}
    for parameter in model.parameters():
        groups.setdefault(parameter[0].numel() if parameter.ndim > 1 else 1, []).append(parameter)
    rates = [{"params": some, "lr": peak * min(1.0, (72 / fan_in) ** 0.75)} for fan_in, some in groups.items()]
    return torch.optim.AdamW(rates, betas=(0.9, 0.98), weight_decay=1e-4, fused=True)


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
    """Encode and decode pictures; return `sharp_loss`, and the latents f32 [N, C, h, w].

    `images` are f32 [N, 3, H, W] in [-1, 1], and `weight` f32 [N, 1, H, W] is that of `sharp_loss`. Latents are decoded
    with noise of a random standard deviation, at most the share `noise` of their own. The returned latents have none.
    """
    with half_precision(images.device):
        latent = model.encoder(images.to(model.dtype)).float()
        spread = torch.rand(len(images), 1, 1, 1, device=images.device) * noise * latent.detach().std()
        output = model.decoder((latent + spread * torch.randn_like(latent)).to(model.dtype))
    return sharp_loss(output.float() - images, weight), latent


def sharp_loss(error: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the loss L1 + 2 L2 + SLOPES * L1 of the gradients. The gradients make edges sharp.

    `error` is f32 [N, 3, H, W], and `weight` f32 [N, 1, H, W].
    """
    slopes = (error.diff(dim=2)[..., :-1].abs() + error.diff(dim=3)[:, :, :-1].abs()) * weight[:, :, 1:, 1:]
    return ((error.abs() + 2 * error.square()) * weight).mean() + SLOPES * slopes.mean()


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
    run = Run("autoencoder", model, flatten(optimizer(model, RATE)), seconds, DECAY)

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
