"""Mixed precision: weights keep the 16 bits that they are published in, and all arithmetic is in f32.

Every value of float16 and bfloat16 is exact in float32. So the results are those of a model converted to f32, at half
the memory.
"""

from collections.abc import Callable
from functools import partial
from typing import cast

import torch.nn.functional as F
from openvino.frontend.pytorch.patch_model import __make_16bit_traceable as make_16bit_traceable
from torch import Tensor, nn
from transformers.models.gemma2.modeling_gemma2 import Gemma2TextScaledWordEmbedding

__all__ = ["compute_in_f32", "make_16bit_traceable"]


def compute_in_f32(model: nn.Module) -> None:
    """Make a model with 16-bit weights compute in f32.

    Large layers convert their weights in each call. Small tensors are converted here, once.
    """
    for module in model.modules():
        if type(module) in _FORWARD:
            module.forward = partial(_FORWARD[type(module)], module)
        else:
            for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
                if tensor.is_floating_point():
                    tensor.data = tensor.data.float()


def _linear(layer: nn.Linear, states: Tensor) -> Tensor:
    return F.linear(states, layer.weight.float(), _float(layer.bias))


def _embedding(layer: nn.Embedding, indices: Tensor) -> Tensor:
    return F.embedding(indices, layer.weight, layer.padding_idx).float()


def _scaled_embedding(layer: Gemma2TextScaledWordEmbedding, indices: Tensor) -> Tensor:
    return _embedding(layer, indices) * layer.scalar_embed_scale


def _convolution(layer: nn.Conv2d, states: Tensor) -> Tensor:
    return cast(Tensor, layer._conv_forward(states, layer.weight.float(), _float(layer.bias)))


def _float(bias: Tensor | None) -> Tensor | None:
    return None if bias is None else bias.float()


_FORWARD: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.Linear: _linear,
    nn.Embedding: _embedding,
    Gemma2TextScaledWordEmbedding: _scaled_embedding,
    nn.Conv2d: _convolution,
}
