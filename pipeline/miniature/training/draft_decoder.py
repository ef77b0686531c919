"""The distillation of a draft decoder: `python -m pipeline.miniature.training.draft_decoder SECONDS`.

It has TAESANA's structure, and learns to decode the corpus's latents to the same pictures as the finished decoder. It
is written for `assemble` if it has learnt that well.
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from pipeline.export.taesana import build_draft_decoder
from pipeline.miniature.training import latents
from pipeline.miniature.training.descent import Descent, ready
from pipeline.miniature.training.flat_weights import flatten
from pipeline.miniature.training.training_run import WORK, Run, half_precision
from pipeline.model_folder.folder_layout import DRAFT_DECODER, DRAFT_FILES

WIDTHS = [96, 64, 48, 32, 16, 16]  # chosen: about a third of TAESANA's
CHANNELS = 32
DECAY, RATE = 0.998, 2e-3  # chosen
BATCHES = {"cuda": 24, "cpu": 4}
GOOD = 30.0  # dB from the decoder's pictures; chosen: what is further from them is not offered
DRAFT = WORK / DRAFT_FILES[DRAFT_DECODER]
HELD_OUT = 512  # the last latents of the corpus's squares


def build() -> torch.nn.Sequential:
    """Return the untrained draft decoder, with the same weights in each call."""
    torch.manual_seed(0)
    model = build_draft_decoder(CHANNELS, WIDTHS)
    for name, parameter in model.named_parameters():
        if name.endswith("conv.4.weight"):
            torch.nn.init.zeros_(parameter)  # so that blocks begin as the identity
    return model


def main(seconds: float, device: str = "cpu") -> None:
    """Train for `seconds`, and print the PSNR of held-out pictures against the decoder's."""
    teacher = ready(latents.finished_autoencoder(device))
    data = latents.load(device)
    _, squares = data.groups["256x256"]
    model = build().to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch declares memory_format for tensors only
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

    Descent(run, losses, device).through()
    model.load_state_dict(run.average)
    errors = []
    with torch.no_grad():
        for given in squares[-HELD_OUT:].float().split(32):
            errors.append((model(given * data.scale).clamp(0, 1) - pictures(given)).square().mean())
    decibels = float(-10 * torch.stack(errors).mean().log10())
    print(f"draft: {decibels:.1f} dB from the decoder's pictures", flush=True)
    if decibels >= GOOD:
        save_file({name: value.half().contiguous() for name, value in run.average.items()}, DRAFT)


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
