"""The disk space and memory that an export needs, checked before it starts; and the peak of its memory."""

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

_SHARES = {VAE_DECODER: ("vae", "decoder."), VAE_ENCODER: ("vae", "encoder.")}  # how the names of their weights begin
BASE = 1.0e9  # bytes for the libraries and for drawing small pictures; an estimate without a recorded measurement


def check_resources(
    weights: Mapping[str, WeightFiles], compression: Compression, output: Path, fused_bytes: int = 0
) -> None:
    """Raise SanaError if too little disk space or memory is free now. `weights` are the weight files of each part.

    The checkpoint's weights are mapped from their files and need no memory. Memory must hold the compressed weights of
    the largest component, and twice its largest tensor in f32 while that is compressed. Of the transformer it also
    holds the weights that LoRAs are fused into, `fused_bytes`.
    """
    disk = memory = 0.0
    for component, recipe in compression.components.items():
        part, names = _SHARES.get(component, (component, ""))
        compressed = weights[part].count(names) * recipe.bytes_per_weight
        disk += compressed
        fused = fused_bytes if part == "transformer" else 0
        memory = max(memory, BASE + compressed + fused + 8 * weights[part].largest)
    place = next(folder for folder in (output, *output.parents) if folder.exists())  # `output` may be a disk of its own
    for what, needed, free in (
        (f"disk space in {place}", disk, shutil.disk_usage(place).free),
        ("memory", memory, free_memory()),
    ):
        if free < needed:
            raise SanaError(f"Not enough {what}: about {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free.")


def peak_memory() -> float:
    """Return the peak of this process's memory in bytes, mapped files included."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)
