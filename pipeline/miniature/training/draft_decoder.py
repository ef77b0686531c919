"""The distillation of a draft decoder in TAESANA's structure: `python -m pipeline.miniature.training.draft_decoder`.

The draft decoder learns to decode the training latents to the same pictures as the finished decoder. Its weights are
added to the checkpoint.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC
from safetensors.torch import save_file

from pipeline.export.taesana import build_draft_decoder
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.training.latents import Latents
from pipeline.miniature.training.training_run import Run, ahead
from pipeline.model_folder.folder_layout import DRAFT_DECODER, DRAFT_FILES
from pipeline.model_folder.parity import psnr

WIDTHS = [64, 32, 32, 16, 16, 16]  # chosen: about a quarter of TAESANA's
STEPS, BATCH, DECAY, RATE = 3_000, 4, 0.998, 2e-3  # chosen; the miniature's README has the time and the result
HELD_OUT = 40  # pictures


def build(channels: int, widths: list[int] = WIDTHS) -> torch.nn.Sequential:
    """Return the untrained draft decoder for latents of `channels` channels, with the same weights in each call."""
    torch.manual_seed(0)
    model = build_draft_decoder(channels, widths)
    for name, parameter in model.named_parameters():
        if name.endswith("conv.4.weight"):
            torch.nn.init.zeros_(parameter)  # so that blocks begin as the identity
    return model


def main() -> None:
    """Train to the last step, print the PSNR against the decoder's pictures, and write the weights in f16."""
    teacher = AutoencoderDC.from_pretrained(CHECKPOINT / "vae").requires_grad_(False).eval()
    teacher = teacher.to(memory_format=torch.channels_last)
    latents = Latents.load(teacher)
    scale = teacher.config["scaling_factor"]
    model = build(teacher.config["latent_channels"])

    def batch(name: str, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latents, scaled as the transformer's are, and the teacher's pictures of them in [0, 1]."""
        _, given = latents.batch(random.Random(name), size)
        with torch.no_grad():
            return given * scale, (teacher.decode(given).sample / 2 + 0.5).clamp(0, 1)

    run = Run("draft", model, torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.98)), STEPS, DECAY)
    for step, (given, pictures) in ahead(run, lambda step: batch(f"draft {step}", BATCH)):
        loss = F.l1_loss(model(given), pictures)
        run.descend(loss)
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}, {run.seconds:.0f} s", flush=True)
    model.load_state_dict(run.average)
    decibels = []
    for index in range(HELD_OUT):
        given, pictures = batch(f"draft, held out {index}", 1)
        with torch.no_grad():
            decibels.append(psnr(model(given).clamp(0, 1).numpy(), pictures.numpy(), peak=1.0))
    print(f"{run.step} steps in {run.seconds:.0f} s: {np.mean(decibels):.1f} dB from the decoder's pictures")
    save_file(
        {name: value.half().contiguous() for name, value in run.average.items()},
        CHECKPOINT / DRAFT_FILES[DRAFT_DECODER],
    )


if __name__ == "__main__":
    main()
