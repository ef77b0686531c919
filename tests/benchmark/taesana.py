"""TAESANA, random and of full size: `python -m tests.benchmark.taesana FILE`."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from pipeline.export.draft import build_draft

WIDTHS = [256, 128, 64, 64, 64, 64]  # 8.3 M parameters


def build(file: Path) -> None:
    """Writes it, for the 32 channels of the DC-AE's latents."""
    torch.manual_seed(0)
    save_file(build_draft(32, WIDTHS).state_dict(), file)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
