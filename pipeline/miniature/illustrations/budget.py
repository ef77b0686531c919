"""What the trainings share: a budget in seconds, checkpoints to go on from, an average of the weights.

A training's learning rate follows the clock: however fast the machine is, it is done when its seconds are over.
"""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from pipeline.miniature.training import training_run
from pipeline.miniature.training.training_run import SAVE_EVERY

WORK = Path(".miniature/illustrations")
"""Where unfinished trainings keep their state: in the folder the command is run from, ignored by git."""
WARMUP = 200  # steps
PIECE = 15_000_000  # bytes


class Run(training_run.Run):
    """A training that ends with its seconds, and goes on from its last checkpoint."""

    def __init__(
        self, name: str, model: torch.nn.Module, optimizer: torch.optim.Optimizer, seconds: float, decay: float
    ):
        super().__init__(name, model, optimizer, 0, decay, WORK)
        self.budget = seconds

    @property
    def progress(self) -> float:
        """Return the share of the seconds that are over."""
        return min(1.0, self.seconds / self.budget)

    def __iter__(self) -> Iterator[int]:
        """Yield each step until the seconds are over; the caller takes it by `descend`. The end is saved."""
        started = saved = time.monotonic()
        before = self.seconds
        while self.seconds < self.budget:
            yield self.step
            self.step += 1
            self.seconds = before + time.monotonic() - started
            if time.monotonic() - saved > SAVE_EVERY:
                self.save()
                saved = time.monotonic()
        self.save()

    def learning_rate(self) -> float:
        """Return the factor of the peak: a linear warm-up, then a cosine down to 1 %."""
        warmup = min(1.0, (self.step + 1) / WARMUP)
        return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.progress)))


def averaged(name: str, device: str | torch.device = "cpu") -> dict[str, torch.Tensor]:
    """Return the averaged weights of a training: of its state in the work folder, or as `pack` wrote them."""
    path = WORK / f"{name}.pt"
    if path.exists():
        average: dict[str, torch.Tensor] = torch.load(path, weights_only=True, map_location=device)["average"]
        return average
    pieces = sorted(WORK.glob(f"{name}-[0-9].safetensors"))
    if not pieces:
        raise SystemExit(f"There is no {path} yet: run that training first.")
    return {key: value.float() for piece in pieces for key, value in load_file(piece, device=str(device)).items()}


def pack(name: str, folder: Path, without: tuple[str, ...] = ()) -> None:
    """Write the averaged weights of a training in f16, in files of at most `PIECE` bytes, for another machine.

    Tensors whose names begin with one of `without` stay behind.
    """
    pieces: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for key, value in averaged(name).items():
        if key.startswith(without):
            continue
        value = value.half().contiguous()
        if size + value.nbytes > PIECE:
            pieces.append({})
            size = 0
        pieces[-1][key] = value
        size += value.nbytes
    for index, piece in enumerate(pieces):
        save_file(piece, folder / f"{name}-{index}.safetensors")


def compile_blocks(model: torch.nn.Module, names: tuple[str, ...], device: str | torch.device) -> None:
    """Have the forward pass of all modules of these classes compiled on a GPU, where launching kernels is the cost."""
    if torch.device(device).type == "cuda":
        for module in model.modules():
            if type(module).__name__ in names:
                module.compile(dynamic=False)


def half_precision(device: str | torch.device) -> torch.autocast:
    """Return bf16 autocast where the device computes in bf16, else one that does nothing."""
    kind = torch.device(device).type
    fast = kind == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast(kind, torch.bfloat16, enabled=fast)
