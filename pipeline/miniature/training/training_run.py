"""The loop that all trainings share, with a budget in seconds, saved states to resume from, and averaged weights.

The learning rate follows the clock, so that a training is complete when its seconds are over, on any machine.
"""

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WORK = Path(".miniature")
"""The folder for the states of trainings, in the current folder. Git ignores it."""
SAVE_EVERY = 300  # seconds; chosen: an interruption loses no more work than this
WARMUP = 200  # steps; chosen
PIECE = 15_000_000  # bytes of a packed file; chosen: for transfers with a limit on a file's size


class Run:
    """A training that ends after `seconds`, and resumes from its last saved state.

    Iterate over the run, and take one step of a `Descent` in each. `average` is an exponential moving average of the
    weights with the factor `decay`.
    """

    def __init__(
        self, name: str, model: torch.nn.Module, optimizer: torch.optim.Optimizer, seconds: float, decay: float
    ):
        self.path = WORK / f"{name}.pt"
        self.model, self.optimizer, self.budget, self.decay = model, optimizer, seconds, decay
        self.peaks = [group["lr"] for group in optimizer.param_groups]
        self.average = {key: value.detach().clone() for key, value in model.state_dict().items()}
        self.step, self.seconds = 0, 0.0
        if self.path.exists():
            state = torch.load(self.path, weights_only=True, map_location=next(model.parameters()).device)
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            self.average, self.step, self.seconds = state["average"], state["step"], state["seconds"]
            print(f"resuming {name} at step {self.step}", flush=True)

    @property
    def progress(self) -> float:
        """Return the share of the seconds that has passed, at most 1."""
        return min(1.0, self.seconds / self.budget)

    def __iter__(self) -> Iterator[int]:
        """Yield the number of each step until the seconds are over, and save the final state."""
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
        """Return the learning rate as a share of its peak: a linear warm-up, and a cosine over time down to 1 %."""
        warmup = min(1.0, (self.step + 1) / WARMUP)
        return warmup * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.progress)))

    def save(self) -> None:
        """Write the state. An interruption leaves the previous one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average}
        aside = self.path.with_suffix(".tmp")
        torch.save(state | {"step": self.step, "seconds": self.seconds}, aside)
        os.replace(aside, self.path)


def averaged(name: str, device: str | torch.device = "cpu") -> dict[str, torch.Tensor]:
    """Return the averaged weights of a training from the work folder: from its state, or from files of `pack`."""
    path = WORK / f"{name}.pt"
    if path.exists():
        average: dict[str, torch.Tensor] = torch.load(path, weights_only=True, map_location=device)["average"]
        return average
    pieces = sorted(WORK.glob(f"{name}-[0-9].safetensors"))
    if not pieces:
        raise SystemExit(f"There is no {path} yet: run that training first.")
    return {key: value.float() for piece in pieces for key, value in load_file(piece, device=str(device)).items()}


def pack(name: str, folder: Path, without: tuple[str, ...] = ()) -> None:
    """Write the averaged weights of a training in f16, in files of about `PIECE` bytes, for another machine.

    Tensors whose names begin with one of `without` are left out.
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


def half_precision(device: str | torch.device) -> torch.autocast:
    """Return an autocast to bf16 for CPUs with instructions for it.

    It does nothing on a GPU, on which weights are in bf16 already: autocast would take norms and sums to f32 there.
    """
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast("cpu", torch.bfloat16, enabled=fast and torch.device(device).type == "cpu")
