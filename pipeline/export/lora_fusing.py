"""LoRAs in diffusers' format: their check against a transformer, and their fusion into its weights.

Meaning and scales are those of diffusers' `SanaLoraLoaderMixin` with peft. Neither is needed here, since fusing is one
product of matrices for each layer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from pydantic import ValidationError
from safetensors import safe_open
from torch import Tensor, nn

from ..domain.errors import ArtifactError
from ..domain.json_text import json_object
from ..hub.lora_source import LoraSource
from ..model_folder.schema import explain
from .lora_format import BIAS, A, B, LoraMetadata, foreign_format, layers_of
from .weights import Shape, read_tensors

METADATA = "lora_adapter_metadata"  # the key in the header under which diffusers keeps peft's configuration


@dataclass(frozen=True)
class FittingLora:
    """A LoRA that fits a transformer. `factors` are those of its layers' products, by the layers' names."""

    source: LoraSource
    factors: Mapping[str, float]


def read_lora(source: LoraSource, transformer: nn.Module) -> FittingLora:
    """Read and check a LoRA. The transformer's weights need not be loaded.

    Raises:
        ArtifactError: the file is damaged or of another format, or the LoRA is for another transformer.
    """
    tensors = read_tensors(source.path)
    if problem := foreign_format(tensors):
        _refuse(source, problem)
    metadata = _metadata(source)
    modules, factors = dict(transformer.named_modules()), {}
    for layer, names in layers_of(tensors).items():
        shapes = {kind: tensors[name][1] for kind, name in names.items()}
        if problem := _misfit(layer, shapes, modules.get(layer)):
            _refuse(source, problem)
        factor = metadata.factor(layer, shapes[A][0]) if metadata else 1.0
        if factor is None:
            _refuse(source, f"its {layer} has rank {shapes[A][0]}, and its metadata says another")
        factors[layer] = factor * source.lora.scale
    with safe_open(source.path, framework="pt") as file:
        for name in tensors:
            tensor = file.get_tensor(name)
            if not tensor.is_floating_point() or not bool(tensor.float().isfinite().all()):
                _refuse(source, f"its {name} holds what is no finite number")
    return FittingLora(source, factors)


def fuse_loras(loras: Sequence[FittingLora], transformer: nn.Module) -> None:
    """Add the changes of all LoRAs to the weights of a transformer.

    Weights of 16 bits become float16: bfloat16 is too coarse for small changes, and the folder stores no more.

    Raises:
        ArtifactError: a fused weight is too large for its type.
    """
    for layer in sorted({name for lora in loras for name in lora.factors}):
        module: Any = transformer.get_submodule(layer)
        weight = module.weight.detach().float()
        bias = None if module.bias is None else module.bias.detach().float()
        own = [lora for lora in loras if layer in lora.factors]
        for lora in own:
            parts = _read_layer(lora, layer)
            product = parts[B].flatten(1) @ parts[A].flatten(1)
            weight = weight + lora.factors[layer] * product.reshape(weight.shape)
            if bias is not None and BIAS in parts:
                bias = bias + lora.factors[layer] * parts[BIAS]
        dtype = torch.float32 if module.weight.dtype == torch.float32 else torch.float16
        fused = {"weight": weight.to(dtype), **({} if bias is None else {"bias": bias.to(dtype)})}
        for name, tensor in fused.items():
            if not bool(tensor.isfinite().all()):
                _refuse(own[-1].source, f"with it the transformer's {layer} is too large for its type")
            setattr(module, name, nn.Parameter(tensor, requires_grad=False))


def fused_weights(loras: Sequence[FittingLora], shapes: Mapping[str, Shape]) -> int:
    """Return the number of weights that fusing makes anew, given the shapes of all weights by name."""
    layers = {name for lora in loras for name in lora.factors}
    return sum(torch.Size(shapes[f"{layer}.weight"]).numel() for layer in layers)


def _read_layer(lora: FittingLora, layer: str) -> dict[str, Tensor]:
    with safe_open(lora.source.path, framework="pt") as file:
        names = layers_of(file.keys())[layer]
        return {kind: file.get_tensor(name).float() for kind, name in names.items()}


def _misfit(layer: str, shapes: Mapping[str, Shape], module: nn.Module | None) -> str | None:
    """Return why a LoRA's layer does not fit the transformer's, or None if it does."""
    if module is None:
        return f"it is for another architecture: this transformer has no {layer}"
    if A not in shapes or B not in shapes:
        there, missing = (B, A) if A not in shapes else (A, B)
        return f"its {layer} has a {there} and no {missing}"
    if not isinstance(module, nn.Linear | nn.Conv2d):
        return f"its {layer} is neither a linear layer nor a convolution of this transformer"
    if isinstance(module, nn.Conv2d) and (module.groups > 1 or module.kernel_size != (1, 1)):
        return f"it changes {layer}, a convolution whose changes cannot be fused"
    ones = tuple(module.weight.shape[2:])
    outputs, inputs = module.weight.shape[:2]
    rank = shapes[A][:1]
    if shapes[A] != (*rank, inputs, *ones) or shapes[B] != (outputs, *rank, *ones) or rank == (0,):
        return (
            f"it is for another transformer: its {layer} has {A} {shapes[A]} and {B} {shapes[B]}, and this "
            f"one's weight is {tuple(module.weight.shape)}"
        )
    if BIAS in shapes and (module.bias is None or shapes[BIAS] != (outputs,)):
        return f"its {layer} has a bias of shape {shapes[BIAS]}, which this transformer's layer does not have"
    return None


def _metadata(source: LoraSource) -> LoraMetadata | None:
    """Return peft's configuration in the header of a LoRA, None if there is none."""
    with safe_open(source.path, framework="pt") as file:
        text = (file.metadata() or {}).get(METADATA)
    if text is None:
        return None
    try:
        record = json_object(text)
        prefix = "transformer."
        own = {key.removeprefix(prefix): each for key, each in record.items() if key.startswith(prefix)}
        return LoraMetadata.model_validate(own)
    except ValidationError as error:
        _refuse(source, f"of its metadata, {explain(error)}")
    except ValueError:
        _refuse(source, "its metadata is no JSON object")


def _refuse(source: LoraSource, reason: str) -> NoReturn:
    raise ArtifactError(f"The LoRA {source.path} cannot be fused: {reason}.")
