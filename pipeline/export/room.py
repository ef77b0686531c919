"""Disk and memory: what an export needs, asked before it starts, and the most memory it took."""

import shutil
import sys
from pathlib import Path

import psutil

from ..errors import SanaError
from ..machine import free_memory
from .checkpoint import Checkpoint
from .compress import RECIPES

BASE = 1.0e9  # bytes: the libraries, and a generation with small pictures
BYTES = {"fp16": 2.0, "int8": 1.05, "int4": 0.6, "w8a8": 1.05}  # per weight, scales included


def check_room(checkpoint: Checkpoint, output: Path, compression: str) -> None:
    """Raises SanaError where the disk or the memory that is free now does not suffice.

    Weights are mapped from their files, so that the largest component's compressed copy is what memory must hold, and
    its largest tensor twice in f32 while that is compressed.
    """
    disk = memory = 0.0
    for part, precision in RECIPES[compression].items():
        weights, largest = checkpoint.count_weights("vae" if part == "vae_decoder" else part)
        disk += weights * BYTES[precision.name]
        memory = max(memory, BASE + weights * BYTES[precision.name] + 8 * largest)
    place = next(folder for folder in output.parents if folder.exists())
    for what, needed, free in (
        (f"disk space in {place}", disk, shutil.disk_usage(place).free),
        ("memory", memory, free_memory()),
    ):
        if free < needed:
            raise SanaError(f"Not enough {what}: about {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free.")


def peak_memory() -> float | None:
    """The most memory in bytes that this process has held, mapped files included; None where that is not counted."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)
