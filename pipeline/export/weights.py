"""The weight files of one model of a checkpoint: which to load, and in which type they are stored."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import torch

from ..errors import ArtifactError
from ..variants import choose_weights, weights_variant

_TYPES = {"F16": torch.float16, "BF16": torch.bfloat16}


def choose_variant(folder: Path, wanted: str | None = None) -> str | None:
    """The variant to load from a folder, by the names of its files."""
    return choose_weights({weights_variant(path.name) for path in folder.glob("*.safetensors")}, wanted)


def check_weights(folder: Path) -> None:
    """Raises ArtifactError where the folder has no weights, or a file of them is shorter than its header says."""
    files = sorted(folder.glob("*.safetensors"))
    if not files and not any(folder.glob("*.bin")):
        raise ArtifactError(f"{folder} has no weights (no .safetensors file): download it again.")
    for path in files:
        _tensors(path)


def stored_type(folder: Path, variant: str | None) -> torch.dtype:
    """The type of all tensors in the files of a variant; float32 where they differ or are no safetensors."""
    types = {tensor["dtype"] for tensor in _of_variant(folder, variant)}
    return _TYPES.get(types.pop(), torch.float32) if len(types) == 1 else torch.float32


def count_weights(folder: Path, variant: str | None) -> tuple[int, int]:
    """How many weights a variant has, and how many its largest tensor; 0 where its files are no safetensors."""
    counts = [math.prod(tensor["shape"]) for tensor in _of_variant(folder, variant)]
    return sum(counts), max(counts, default=0)


def _of_variant(folder: Path, variant: str | None) -> list[dict[str, Any]]:
    paths = sorted(folder.glob("*.safetensors"))
    return [tensor for path in paths if weights_variant(path.name) == variant for tensor in _tensors(path)]


def _tensors(path: Path) -> list[dict[str, Any]]:
    """ "dtype" and "shape" of each tensor, from the header of a safetensors file
    (https://github.com/huggingface/safetensors#format); raises ArtifactError where the file is damaged or cut short."""
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
