"""A random TAESANA of full size: `python -m tests.benchmark.taesana FILE`."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from pipeline.export.taesana import build_draft_decoder
from tests.full_size import random_weight

WIDTHS = [256, 128, 64, 64, 64, 64]  # 8.3 M parameters


def build(file: Path) -> None:
    """Write the draft decoder, for the 32 channels of the DC-AE's latents.

    Its weights keep the variance of their inputs. With torch's own initial weights the signal fades to a fiftieth,
    which bf16 rounds too coarsely.
    """
    shapes = {name: value.shape for name, value in build_draft_decoder(32, WIDTHS).state_dict().items()}
    save_file({name: random_weight(name, shape, torch.float32) for name, shape in shapes.items()}, file)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
