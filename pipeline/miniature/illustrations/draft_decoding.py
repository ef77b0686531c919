"""The distillation of a draft decoder: `python -m pipeline.miniature.illustrations.draft_decoding SECONDS`.

It has TAESANA's structure, and learns to decode the corpus's latents to the same pictures as the finished decoder.
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from pipeline.miniature.illustrations import encoding
from pipeline.miniature.illustrations.budget import Run, half_precision
from pipeline.miniature.illustrations.descent import Descent, ready
from pipeline.miniature.illustrations.flat_weights import flatten
from pipeline.miniature.training import draft_decoder

WIDTHS = [96, 64, 48, 32, 16, 16]  # chosen: about a third of TAESANA's
CHANNELS = 32
DECAY, RATE = 0.998, 2e-3  # chosen
BATCHES = {"cuda": 24, "cpu": 4}
HELD_OUT = 512  # the last latents of the corpus's squares


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, and print the PSNR of held-out pictures against the decoder's."""
    teacher = ready(encoding.finished_autoencoder(device))
    data = encoding.load(device)
    _, squares = data.groups["256x256"]
    model = draft_decoder.build(CHANNELS, WIDTHS).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch declares memory_format for tensors only
    optimizer = torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.98), fused=True)
    run = Run("draft", model, flatten(optimizer), seconds, DECAY)
    torch.manual_seed(run.step)

    @torch.no_grad()
    def pictures(given: torch.Tensor) -> torch.Tensor:
        """Return the teacher's pictures of unscaled latents, in [0, 1]."""
        with half_precision(device):
            restored: torch.Tensor = teacher.decode(given.to(teacher.dtype)).sample
        return (restored.float() / 2 + 0.5).clamp(0, 1)

    def losses(draft: nn.Module, kind: str) -> tuple[torch.Tensor, ...]:
        rows = torch.randint(len(squares) - HELD_OUT, (BATCHES[torch.device(device).type],), device=device)
        given = squares[rows].float()
        with half_precision(device):
            drawn = draft((given * data.scale).to(next(draft.parameters()).dtype)).float()
        target = pictures(given)
        return (F.l1_loss(drawn, target) + F.mse_loss(drawn, target),)

    descend = Descent(run, losses, device)
    for step in run:
        descend()
        if step % 500 == 0:
            print(f"draft: step {step} loss {descend.report()}, {run.seconds:.0f} s", flush=True)
    model.load_state_dict(run.average)
    errors = []
    with torch.no_grad():
        for given in squares[-HELD_OUT:].float().split(32):
            errors.append((model(given * data.scale).clamp(0, 1) - pictures(given)).square().mean())
    decibels = float(-10 * torch.stack(errors).mean().log10())
    print(f"draft: {run.step} steps in {run.seconds:.0f} s: {decibels:.1f} dB from the decoder's pictures", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
