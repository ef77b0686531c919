"""A stage of the training, run in a process of its own."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection

import torch


class Stage:
    """A process that does its imports ahead, which take many seconds, and waits for its turn."""

    def __init__(self, work: Callable[[float, str], None], device: str):
        context = multiprocessing.get_context("spawn")  # not fork: a forked process hangs in OpenMP
        ours, theirs = context.Pipe()
        self._seconds = ours
        self._process = context.Process(target=_wait_and_run, args=(work, device, theirs), daemon=True)
        self._process.start()

    def begin(self, seconds: float) -> None:
        """Let the process run `work(seconds, device)`."""
        self._seconds.send(seconds)

    def finish(self) -> None:
        """Wait for the end of the process; raise SystemExit if it failed."""
        self._process.join()
        if self._process.exitcode:
            raise SystemExit(f"A stage ended with status {self._process.exitcode}.")


def _wait_and_run(work: Callable[[float, str], None], device: str, seconds: Connection) -> None:
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = False
    work(seconds.recv(), device)
