"""Random LoRAs in diffusers' format for a random checkpoint, and their effect by hooks, without peft."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

ATTENTION = ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q", "attn2.to_v")
FEED_FORWARD = ("ff.conv_inverted", "ff.conv_point", "attn2.to_k", "attn2.to_out.0")
Tensors = dict[str, Tensor]


def random_lora(transformer: nn.Module, layers: tuple[str, ...], rank: int = 4, seed: int = 0) -> Tensors:
    """Return the tensors of a random LoRA for these layers of each block, strong enough to change the picture."""
    generator = torch.Generator().manual_seed(seed)
    tensors: Tensors = {}
    for name, module in transformer.named_modules():
        if name.endswith(layers):
            weight: Any = module.weight
            outputs, inputs, *ones = weight.shape
            a = torch.randn(rank, inputs, *ones, generator=generator) / inputs**0.5
            b = torch.randn(outputs, rank, *ones, generator=generator) * 0.5
            tensors |= {f"transformer.{name}.lora_A.weight": a, f"transformer.{name}.lora_B.weight": b}
    return tensors


def write_lora(path: Path, tensors: Tensors, **config: Any) -> Path:
    """Write a LoRA, with peft's configuration in the header if any is given; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {f"transformer.{name}": value for name, value in config.items()}
    metadata = {"format": "pt", **({"lora_adapter_metadata": json.dumps(named)} if config else {})}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    return path


def add_by_hooks(transformer: nn.Module, path: Path, factor: float | Callable[[str], float]) -> None:
    """Add a LoRA's outputs to those of a transformer's layers; `factor` may depend on the layer's name."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no dictionary)

    def hook(a: Tensor, b: Tensor, times: float) -> Callable[..., Tensor]:
        layer = F.linear if a.dim() == 2 else F.conv2d
        return lambda module, given, output: output + times * layer(layer(given[0], a), b)

    for name, module in transformer.named_modules():
        if f"transformer.{name}.lora_A.weight" in tensors:
            a, b = (tensors[f"transformer.{name}.lora_{half}.weight"] for half in "AB")
            module.register_forward_hook(hook(a, b, factor(name) if callable(factor) else factor))
