"""Seconds and peak memory of each stage of a side, run by run. Standard library only, and /proc of Linux."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .task import PROMPT, Task

STAGES = ("text_encoder", "transformer", "vae_decoder")
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc_pid_clear_refs(5): the peak starts again from what is held now


class Stages:
    """A side's clock: make a stage's calls through `timed` or inside of `stage`, then call `measure`."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._memory = dict.fromkeys(STAGES, 0)
        self.precisions = dict.fromkeys(STAGES, "f32")  # that each computes in
        self._peak = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._peak = max(self._peak, _peak_memory())
        _CLEAR.write_text(_RESET_PEAK)
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] += time.perf_counter() - start
            self._memory[name] = max(self._memory[name], _peak_memory())

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*arguments, **named)

        return call

    def measure(self, draw: Callable[[str, int, int, int], list[Any]], task: Task) -> dict[str, Any]:
        """Draw `task.runs` pictures and return their cost. `draw` takes prompt, size, steps and number of images.

        "runs" holds for each run the seconds of each stage and their "total", "memory" the peak in bytes during each
        stage and in "total", mapped weights included, "precisions" the precision of each stage. Each run has a prompt
        of its own, so that no embeddings are remembered.
        """
        draw(f"{PROMPT}, picture 0", min(task.size, task.warm_up_size), 1, 1)
        runs = []
        for run in range(1, task.runs + 1):
            self._seconds = dict.fromkeys(STAGES, 0.0)
            start = time.perf_counter()
            pictures = draw(f"{PROMPT}, picture {run}", task.size, task.steps, task.images)
            runs.append({**self._seconds, "total": time.perf_counter() - start})
        if task.picture:
            pictures[0].save(task.picture)
        peak = max(self._peak, _peak_memory(), *self._memory.values())
        return {"runs": runs, "memory": {**self._memory, "total": peak}, "precisions": self.precisions}


def _peak_memory() -> int:
    """Return the most bytes that were resident since the process started, or since its peak was reset."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
