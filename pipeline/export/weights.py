"""The weight files of one model of a checkpoint: which to load, and what their headers tell."""

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..domain.catalogue import choose_weights, weights_variant
from ..domain.errors import ArtifactError

_TYPES = {"F16": torch.float16, "BF16": torch.bfloat16}


@dataclass(frozen=True)
class WeightFiles:
    """The files of the variant to load ("fp16" in `model.fp16.safetensors`; None: those without one) in a folder.

    `dtype` is the type of all their tensors, float32 where they differ. `count` is the number of weights, `largest`
    that of the largest tensor. Files other than safetensors tell nothing: float32, 0 and 0.
    """

    folder: Path
    variant: str | None
    dtype: torch.dtype
    count: int
    largest: int


def read_weight_files(folder: Path, wanted: str | None) -> WeightFiles:
    """Read the headers of all weight files in a folder, and choose a variant by their names.

    Raises:
        ArtifactError: there are no weights, or a file is damaged or shorter than its header says.
    """
    paths = sorted(folder.glob("*.safetensors"))
    if not paths and not any(folder.glob("*.bin")):
        raise ArtifactError(f"{folder} has no weights (no .safetensors file): download it again.")
    headers = {path: _read_tensors(path) for path in paths}
    variant = choose_weights({weights_variant(path.name) for path in paths}, wanted)
    tensors = [each for path in paths if weights_variant(path.name) == variant for each in headers[path]]
    types = {tensor["dtype"] for tensor in tensors}
    counts = [math.prod(tensor["shape"]) for tensor in tensors]
    dtype = _TYPES.get(types.pop(), torch.float32) if len(types) == 1 else torch.float32
    return WeightFiles(folder, variant, dtype, sum(counts), max(counts, default=0))


def _read_tensors(path: Path) -> list[dict[str, Any]]:
    """Return "dtype" and "shape" of each tensor, from the header of a safetensors file
    (https://github.com/huggingface/safetensors#format); raise ArtifactError if the file is damaged or cut short."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size:
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(length))
        tensors = [entry for name, entry in header.items() if name != "__metadata__"]
        end = 8 + length + max((entry["data_offsets"][1] for entry in tensors), default=0)
        [(entry["dtype"], entry["shape"]) for entry in tensors]
    except (OSError, ValueError, struct.error, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{path} is no safetensors file, or a damaged one ({error}): download it again.") from error
    if end != size:
        raise ArtifactError(f"{path} has {size:,} bytes instead of {end:,}: download it again.")
    return tensors
