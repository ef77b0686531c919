"""Trains the miniature's autoencoder, a small DC-AE f32c32: `python -m pipeline.miniature.autoencoder`.

Interrupted, it goes on from its last checkpoint. First crops of 128 pixels, then whole scenes; the encoder is
frozen for the last part, in which the loss leans on the things in the picture.
"""

import random

import numpy as np
import torch
from diffusers import AutoencoderDC

from pipeline.miniature.training import WORK, Run, ahead
from pipeline.miniature.world import draw, object_mask, random_scene

CONFIG = {
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
STEPS, CROPS_UNTIL, FROZEN_FROM = 5_700, 4_000, 4_400
CROP_BATCH, SCENE_BATCH, DECAY = 8, 4, 0.998


def build() -> AutoencoderDC:
    torch.manual_seed(0)
    model = AutoencoderDC(**CONFIG).to(memory_format=torch.channels_last)
    for name, parameter in model.named_parameters():  # residual branches start small, or deep stages swamp the signal
        if name.endswith("norm.weight") or (name.endswith("norm_out.weight") and "decoder.norm_out" not in name):
            torch.nn.init.constant_(parameter, 0.2)
    return model


def optimizer(model: torch.nn.Module) -> torch.optim.Optimizer:
    """One learning rate per tensor, lower for larger fan-in: a single one for all stalls at 17 dB."""
    groups = []
    for parameter in model.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
        groups.append({"params": [parameter], "lr": 2e-3 * min(1.0, (72 / fan_in) ** 0.75)})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=1e-4)


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures in [-1, 1] (N, 3, H, W) and where their things are (N, 1, H, W), drawn for this step alone."""
    rng = random.Random(f"autoencoder {step}")
    crops = step < CROPS_UNTIL
    pictures, masks = [], []
    for _ in range(CROP_BATCH if crops else SCENE_BATCH):
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


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """L1 + 2 L2 + L1 of the gradients, for pictures in [-1, 1]; the gradients are what makes edges sharp."""
    error = output - target
    slopes = (error.diff(dim=2)[..., :-1].abs() + error.diff(dim=3)[:, :, :-1].abs()) * weight[:, :, 1:, 1:]
    return ((error.abs() + 2 * error.square()) * weight).mean() + slopes.mean()


def psnr(model: AutoencoderDC, scenes: int = 32) -> tuple[float, float]:
    """PSNR in dB on held-out scenes, after rounding to 8 bits: over everything, and where the things are."""
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


def frozen_autoencoder() -> AutoencoderDC:
    """The frozen encoder, with the decoder that learns from it as far as the training has come."""
    state = torch.load(WORK / "autoencoder.pt", weights_only=True)
    if state["step"] < FROZEN_FROM:
        raise SystemExit(f"The encoder is not finished: its training is at step {state['step']} of {STEPS}.")
    model = build()
    model.load_state_dict(state["average"])
    return model.eval()


def main() -> None:
    model = build()
    run = Run("autoencoder", model, optimizer(model), STEPS, DECAY)
    for step, (images, mask) in ahead(run, batch):
        frozen = step >= FROZEN_FROM
        if step == FROZEN_FROM:
            model.load_state_dict(run.average)  # the encoder is frozen as its average, which is the better one
        with torch.autocast("cpu", torch.bfloat16):
            with torch.set_grad_enabled(not frozen):
                latent = model.encoder(images)
            latent = latent.float()
            noise = torch.rand(len(images), 1, 1, 1) * 0.16 * latent.detach().std()
            output = model.decoder(latent + noise * torch.randn_like(latent))
        loss = reconstruction_loss(output.float(), images, 1 + (2 if frozen else 1) * mask)
        if not frozen:
            mean, std = latent.mean((0, 2, 3)), latent.std((0, 2, 3))
            loss = loss + 0.01 * (mean.square() + (std - 1).square()).mean()
        run.descend(loss)
        if step % 250 == 0:
            print(f"step {step} loss {loss.item():.4f} {_sharpness(run)}, {run.seconds:.0f} s", flush=True)
    print(f"{run.step} steps in {run.seconds:.0f} s: {_sharpness(run)}")


def _sharpness(run: Run) -> str:
    model = build()
    model.load_state_dict(run.average)
    whole, things = psnr(model)
    return f"PSNR {whole:.2f} dB, things {things:.2f} dB"


if __name__ == "__main__":
    main()
