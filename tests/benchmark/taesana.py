"""TAESANA, random and of full size: `python -m tests.benchmark.taesana FILE`."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from pipeline.export.draft import build_draft

WIDTHS = [256, 128, 64, 64, 64, 64]  # 8.3 M parameters


def build(file: Path) -> None:
    """Writes it, for the 32 channels of the DC-AE's latents.

    Its weights keep the variance of what they multiply, as those of `tests.full_size` do: with torch's own first
    weights the signal fades to a fiftieth, which bf16 rounds too coarsely.
    """
    generator = torch.Generator().manual_seed(0)
    weights = build_draft(32, WIDTHS).state_dict()
    for value in weights.values():
        if value.dim() > 1:
            value.normal_(0, value[0].numel() ** -0.5, generator=generator)
        else:
            value.zero_()
    save_file(weights, file)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
