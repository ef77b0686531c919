"""The training of the autoencoder, a small DC-AE f32c32: `python -m pipeline.miniature.training.autoencoder`.

It sees crops of 128 pixels first, and then whole scenes. Afterwards the encoder is finished, and `decoder.py` trains
the decoder further.
"""

import random
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training.training_run import Run, ahead
from pipeline.miniature.training.world import draw, object_mask, random_scene

CONFIG: dict[str, Any] = {
    "attention_head_dim": 32,
    "encoder_block_types": ("ResBlock",) * 4 + ("EfficientViTBlock",) * 2,
    "decoder_block_types": ("ResBlock",) * 4 + ("EfficientViTBlock",) * 2,
    "encoder_block_out_channels": (8, 16, 32, 64, 128, 128),
    "decoder_block_out_channels": (16, 32, 64, 128, 128, 256),
    "encoder_layers_per_block": (0, 1, 1, 1, 1, 1),
    "decoder_layers_per_block": (0, 2, 2, 2, 1, 1),
    "encoder_qkv_multiscales": ((), (), (), (), (5,), (5,)),
    "decoder_qkv_multiscales": ((), (), (), (), (5,), (5,)),
    "downsample_block_type": "conv",
    "upsample_block_type": "interpolate",
    "encoder_out_shortcut": False,
}
STEPS, CROPS_UNTIL, DECAY, RATE = 4_400, 4_000, 0.998, 2e-3  # chosen; the miniature's README has time and result
CROP_BATCH, SCENE_BATCH = 8, 4
NOISE = 0.16  # the largest noise on latents, as a share of their standard deviation; chosen


def build(config: dict[str, Any] = CONFIG) -> AutoencoderDC:
    """Return the untrained autoencoder, with the same weights in each call."""
    torch.manual_seed(0)
    model = AutoencoderDC(**config).to(memory_format=torch.channels_last)
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


def batch(name: str, size: int, crops: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `size` random pictures f32 [N, 3, H, W] in [-1, 1], and the masks of their things f32 [N, 1, H, W].

    `name` seeds the pictures. With `crops`, they are 128 x 128 pixels around a thing.
    """
    rng = random.Random(name)
    pictures, masks = [], []
    for _ in range(size):
        scene = random_scene(rng)
        picture, mask = np.asarray(draw(scene)), object_mask(scene)
        if crops:
            thing = rng.choice(scene.things)
            left, top = (min(128, max(0, int(256 * c) - rng.randint(24, 104))) for c in (thing.x, thing.y))
            picture, mask = (array[top : top + 128, left : left + 128] for array in (picture, mask))
        pictures.append(torch.from_numpy(picture.copy()))
        masks.append(torch.from_numpy(mask.copy()))
    images = torch.stack(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    return images.contiguous(memory_format=torch.channels_last), torch.stack(masks)[:, None].float()


def reconstruct(
    model: AutoencoderDC, images: torch.Tensor, weight: torch.Tensor, noise: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode and decode pictures; return `sharp_loss`, and the latents f32 [N, C, h, w].

    `images` are f32 [N, 3, H, W] in [-1, 1], and `weight` f32 [N, 1, H, W] is that of `sharp_loss`. Latents are decoded
    with noise of a random standard deviation, at most the share `noise` of their own. The returned latents have none.
    """
    with torch.autocast("cpu", torch.bfloat16):
        latent = model.encoder(images).float()
        spread = torch.rand(len(images), 1, 1, 1) * noise * latent.detach().std()
        output = model.decoder(latent + spread * torch.randn_like(latent))
    return sharp_loss(output.float() - images, weight), latent


def sharp_loss(error: torch.Tensor, weight: torch.Tensor, slope_share: float = 1.0) -> torch.Tensor:
    """Return the loss L1 + 2 L2 + `slope_share` * L1 of the gradients. The gradients make edges sharp.

    `error` is f32 [N, 3, H, W], and `weight` f32 [N, 1, H, W].
    """
    slopes = (error.diff(dim=2)[..., :-1].abs() + error.diff(dim=3)[:, :, :-1].abs()) * weight[:, :, 1:, 1:]
    return ((error.abs() + 2 * error.square()) * weight).mean() + slope_share * slopes.mean()


def psnr(model: AutoencoderDC, scenes: int = 32) -> tuple[float, float]:
    """Return the PSNR in dB of held-out scenes after rounding to 8 bits: of all pixels, and of those around things."""
    rng = random.Random("evaluation of the autoencoder")
    everything, things = [], []
    for _ in range(scenes):
        scene = random_scene(rng, unseen=None)
        picture = np.asarray(draw(scene))
        image = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            output = model.decode(model.encode(image).latent).sample
        restored = ((output[0].permute(1, 2, 0).float() + 1) * 127.5).round().clamp(0, 255).numpy()
        error = ((restored - picture) / 255.0) ** 2
        everything.append(error.mean())
        things.append(error[object_mask(scene)].mean())
    return -10 * float(np.log10(np.mean(everything))), -10 * float(np.log10(np.mean(things)))


def sharpness(average: dict[str, torch.Tensor]) -> str:
    """Return a text with the PSNR of an autoencoder with these weights."""
    model = build()
    model.load_state_dict(average)
    whole, things = psnr(model)
    return f"PSNR {whole:.2f} dB, things {things:.2f} dB"


def main() -> None:
    """Train to the last step, and print loss and PSNR every 250 steps."""
    model = build()
    run = Run("autoencoder", model, optimizer(model, RATE), STEPS, DECAY)

    def make(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        crops = step < CROPS_UNTIL
        return batch(f"autoencoder {step}", CROP_BATCH if crops else SCENE_BATCH, crops)

    for step, (images, mask) in ahead(run, make):
        loss, latent = reconstruct(model, images, 1 + mask, NOISE)
        mean, std = latent.mean((0, 2, 3)), latent.std((0, 2, 3))
        run.descend(loss + 0.01 * (mean.square() + (std - 1).square()).mean())
        if step % 250 == 0:
            print(f"step {step} loss {loss.item():.4f} {sharpness(run.average)}, {run.seconds:.0f} s", flush=True)
    print(f"{run.step} steps in {run.seconds:.0f} s: {sharpness(run.average)}")


if __name__ == "__main__":
    main()
