"""Distil a draft decoder, in TAESANA's structure: `python -m pipeline.miniature.illustrations.draft_decoding SECONDS`.

It learns to give the pictures that the finished decoder gives of the corpus's latents.
"""

import sys

import torch
import torch.nn.functional as F

from pipeline.export.taesana import build_draft
from pipeline.miniature.illustrations import encoding
from pipeline.miniature.illustrations.budget import Run, half_precision

WIDTHS = [64, 64, 32, 32, 16, 16]
CHANNELS = 32
DECAY, RATE = 0.998, 2e-3
BATCHES = {"cuda": 48, "cpu": 4}
HELD_OUT = 512  # the last latents of the corpus's squares


def build() -> torch.nn.Sequential:
    """Return the untrained draft decoder; the same at each call."""
    torch.manual_seed(0)
    model = build_draft(CHANNELS, WIDTHS)
    for name, parameter in model.named_parameters():
        if name.endswith("conv.4.weight"):
            torch.nn.init.zeros_(parameter)  # blocks begin as the identity
    return model


def main(seconds: float, device: str = "cpu") -> None:
    """Train for so many seconds, and print how near the pictures come."""
    teacher = encoding.finished_autoencoder(device).to(memory_format=torch.channels_last)
    data = encoding.load(device)
    _, squares = data.groups[0]
    model = build().to(memory_format=torch.channels_last).to(device)  # type: ignore[call-overload]  # of Module: torch declares it for tensors only

    def pictures(given: torch.Tensor) -> torch.Tensor:
        """Return the teacher's pictures of unscaled latents, in [0, 1]."""
        with torch.no_grad(), half_precision(device):
            return (teacher.decode(given).sample.float() / 2 + 0.5).clamp(0, 1)

    optimizer = torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.98), fused=True)
    run = Run("draft", model, optimizer, seconds, DECAY)
    torch.manual_seed(run.step)
    for step in run:
        rows = torch.randint(len(squares) - HELD_OUT, (BATCHES[torch.device(device).type],), device=device)
        given = squares[rows].float()
        with half_precision(device):
            drawn = model(given * data.scale).float()
        target = pictures(given)
        run.descend(F.l1_loss(drawn, target) + F.mse_loss(drawn, target))
        if step % 200 == 0:
            print(f"draft: step {step}, {run.seconds:.0f} s", flush=True)
    model.load_state_dict(run.average)
    errors = []
    with torch.no_grad():
        for given in squares[-HELD_OUT:].float().split(32):
            errors.append((model(given * data.scale).clamp(0, 1) - pictures(given)).square().mean())
    decibels = float(-10 * torch.stack(errors).mean().log10())
    print(f"draft: {run.step} steps in {run.seconds:.0f} s: {decibels:.1f} dB from the decoder's pictures", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
