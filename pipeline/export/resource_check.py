"""Disk and memory: what an export needs, asked before it starts, and the most memory it took."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from ..domain.errors import SanaError
from ..model_folder.folder_layout import VAE_DECODER, VAE_ENCODER
from ..runtime.host import free_memory
from .compression_recipes import Compression
from .weights import WeightFiles

_SHARES = {VAE_DECODER: ("vae", "decoder."), VAE_ENCODER: ("vae", "encoder.")}  # the names of their weights
BASE = 1.0e9  # bytes: the libraries, and a generation with small pictures


def check_resources(weights: Mapping[str, WeightFiles], compression: Compression, output: Path) -> None:
    """Raise SanaError if the disk or the memory that is free now does not suffice; `weights` are by part.

    Weights are mapped from their files, so that the largest component's compressed copy is what memory must hold, and
    its largest tensor twice in f32 while that is compressed.
    """
    disk = memory = 0.0
    for component, recipe in compression.components.items():
        part, names = _SHARES.get(component, (component, ""))
        compressed = weights[part].count(names) * recipe.bytes_per_weight
        disk += compressed
        memory = max(memory, BASE + compressed + 8 * weights[part].largest)
    place = next(folder for folder in (output, *output.parents) if folder.exists())  # a volume is its own disk
    for what, needed, free in (
        (f"disk space in {place}", disk, shutil.disk_usage(place).free),
        ("memory", memory, free_memory()),
    ):
        if free < needed:
            raise SanaError(f"Not enough {what}: about {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free.")


def peak_memory() -> float | None:
    """Return the most memory in bytes that this process has held, mapped files included; None if it is not counted."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)
