"""The loop that all trainings share, with saved states to resume from, averaged weights and a learning rate."""

import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import torch

WORK = Path(".miniature")
"""The folder for the states of trainings, in the current folder. Git ignores it."""
Batch = TypeVar("Batch")
SAVE_EVERY = 300  # seconds; chosen: an interruption loses no more work than this


def learning_rate(step: int, steps: int, warmup: int = 200) -> float:
    """Return the learning rate as a share of its peak: a linear warm-up, then a cosine down to 1 %."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


class Run:
    """A training of `steps` steps that can be interrupted, and resumes from its last saved state.

    Iterate over the run, and call `descend` in each step. `average` is an exponential moving average of the weights
    with the factor `decay`. Each step is seeded by its number.
    """

    def __init__(
        self,
        name: str,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        steps: int,
        decay: float,
        folder: Path = WORK,
    ):
        self.path = folder / f"{name}.pt"
        self.model, self.optimizer, self.steps, self.decay = model, optimizer, steps, decay
        self.peaks = [group["lr"] for group in optimizer.param_groups]
        self.average = {key: value.detach().clone() for key, value in model.state_dict().items()}
        self.step, self.seconds = 0, 0.0
        if self.path.exists():
            state = torch.load(self.path, weights_only=True, map_location=next(model.parameters()).device)
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            self.average, self.step, self.seconds = state["average"], state["step"], state["seconds"]
            print(f"resuming {name} at step {self.step}", flush=True)

    def __iter__(self) -> Iterator[int]:
        """Yield the number of each remaining step. The caller must call `descend` once in each."""
        started = saved = time.monotonic()
        before = self.seconds
        while self.step < self.steps:
            torch.manual_seed(self.step)
            yield self.step
            self.step += 1
            self.seconds = before + time.monotonic() - started
            if time.monotonic() - saved > SAVE_EVERY or self.step == self.steps:
                self.save()
                saved = time.monotonic()

    def learning_rate(self) -> float:
        """Return this step's learning rate as a share of its peak."""
        return learning_rate(self.step, self.steps)

    def descend(self, loss: torch.Tensor) -> None:
        """Take one optimizer step, and update the average of the weights."""
        factor = self.learning_rate()
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        state = self.model.state_dict()
        with torch.no_grad():
            torch._foreach_lerp_([self.average[key] for key in state], list(state.values()), 1 - decay)

    def save(self) -> None:
        """Write the state. An interruption leaves the previous one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average}
        aside = self.path.with_suffix(".tmp")
        torch.save(state | {"step": self.step, "seconds": self.seconds}, aside)
        os.replace(aside, self.path)


def ahead(run: Run, make: Callable[[int], Batch]) -> Iterator[tuple[int, Batch]]:
    """Yield each step of a run with its batch `make(step)`. The next batch is made in another thread meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(make, run.step)
        for step in run:
            ready = upcoming.result()
            upcoming = pool.submit(make, step + 1)
            yield step, ready
