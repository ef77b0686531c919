"""The weight files of one model of a checkpoint: the choice of a variant, and the tensors in their headers."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field
from safetensors import safe_open

from ..domain.catalogue import choose_weights, weights_variant
from ..domain.errors import ArtifactError
from ..model_folder.files import first_line, one_sentence
from ..model_folder.schema import Record, read_record

_ADAPTER = re.compile(r"(^|\.)(lora|lokr|loha|hada|dora|oft)_|\.base_layer\.|^base_model\.|\.modules_to_save\.")
_TYPES = {"F16": torch.float16, "BF16": torch.bfloat16}
Shape = tuple[int, ...]


class _Index(Record):
    """The content of `*.safetensors.index.json`: the file of each tensor. The libraries open the files it names."""

    weight_map: dict[str, Annotated[str, Field(pattern=r"^[^/\\]+\.safetensors$")]]


@dataclass(frozen=True)
class WeightFiles:
    """The weight files in `folder` of the variant to load.

    `variant` is "fp16" for `model.fp16.safetensors`, and None for files without a variant in their name. `shapes` are
    the shapes of all tensors by name. `dtype` is the type of all tensors, or float32 if they differ.
    """

    folder: Path
    variant: str | None
    dtype: torch.dtype
    shapes: Mapping[str, Shape]

    def count(self, prefix: str = "") -> int:
        """Return the number of weights in all tensors whose names begin with `prefix`."""
        return sum(math.prod(shape) for name, shape in self.shapes.items() if name.startswith(prefix))

    @property
    def largest(self) -> int:
        """Return the number of weights in the largest tensor."""
        return max((math.prod(shape) for shape in self.shapes.values()), default=0)

    def check(self, build: Any) -> None:
        """Raise ArtifactError if a tensor of the model that `build` returns is missing or has another shape."""
        with one_sentence(f"{self.folder / 'config.json'} makes no model"), torch.device("meta"):
            wanted = {name: tuple(tensor.shape) for name, tensor in build().state_dict().items()}
        missing = sorted(wanted.keys() - self.shapes.keys())
        if missing:  # the libraries would fill them with random numbers
            raise ArtifactError(f"{self.folder} lacks {len(missing)} weights, the first is {missing[0]}.")
        for name, shape in wanted.items():
            if self.shapes[name] != shape:
                raise ArtifactError(
                    f"{self.folder} has a {name} of shape {self.shapes[name]}; its config.json asks for {shape}."
                )


def read_weight_files(folder: Path, paths: list[Path], wanted: str | None) -> WeightFiles:
    """Read the headers of the weight files among a part's `paths`, and choose a variant by their names.

    `wanted` is the variant that the catalogue names, or None.

    Raises:
        ArtifactError: there are no weights, or a file is damaged or of another size than its header says.
    """
    weights = [path for path in paths if path.suffix == ".safetensors"]
    if not weights:
        raise ArtifactError(f"{folder} has no weights (no .safetensors file): download it again.")
    variant = choose_weights({weights_variant(path.name) for path in weights}, wanted)
    tensors: dict[str, tuple[str, Shape]] = {}
    for path in weights:
        found = read_tensors(path)
        if adapter := next((name for name in found if _ADAPTER.search(name)), None):
            raise _left_adapters(folder, adapter)
        tensors |= found if weights_variant(path.name) == variant else {}
    for path in paths:
        if path.suffix == ".json" and ".index." in path.name and weights_variant(path.name) == variant:
            _check_index(path, {each.name for each in weights})
    types = {kind for kind, _ in tensors.values()}
    dtype = _TYPES.get(next(iter(types)), torch.float32) if len(types) == 1 else torch.float32
    return WeightFiles(folder, variant, dtype, {name: shape for name, (_, shape) in tensors.items()})


def read_tensors(path: Path) -> dict[str, tuple[str, Shape]]:
    """Return type and shape of each tensor in a file, from its header; raise ArtifactError if it is damaged."""
    try:
        with safe_open(path, framework="np") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (no dictionary)
            return {name: (str(each.get_dtype()), tuple(each.get_shape())) for name, each in slices.items()}
    except Exception as error:
        raise ArtifactError(
            f"{path} is no safetensors file, or a damaged one ({first_line(error)}): download it again."
        ) from error


def check_adapters(folder: Path, paths: Iterable[Path]) -> None:
    """Raise ArtifactError if the name of one of the files in a folder is that of an adapter."""
    if adapter := next((path.name for path in paths if path.name.startswith(("adapter_", "pytorch_lora_"))), None):
        raise _left_adapters(folder, adapter)


def _left_adapters(folder: Path, name: str) -> ArtifactError:
    return ArtifactError(
        f"{folder} holds {name}, of an adapter that is not fused: fuse it in diffusers (fuse_lora, then "
        f"unload_lora_weights) and save again, or give the checkpoint without it and the LoRA with --lora."
    )


def _check_index(path: Path, files: set[str]) -> None:
    for name in read_record(path, _Index).weight_map.values():
        if name not in files:
            raise ArtifactError(f"{path} names {name}, which is missing: download it again.")
