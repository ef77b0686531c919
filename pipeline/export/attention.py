"""Linear attention in the form that is traced.

It computes the same as diffusers' processors, without their transpositions of tokens and channels: on CPUs, those take
longer than the products.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from diffusers.models import SanaTransformer2DModel
from diffusers.models.attention_processor import (
    Attention,
    SanaLinearAttnProcessor2_0,
    SanaMultiscaleLinearAttention,
)
from diffusers.models.autoencoders.autoencoder_dc import EfficientViTBlock
from torch import Tensor, nn


class ClippedLinearAttention:
    """diffusers' `SanaLinearAttnProcessor2_0` with the clip that it has in float16: to that type's range."""

    def __init__(self) -> None:
        self._unclipped = SanaLinearAttnProcessor2_0()

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return _clipped(self._unclipped(*args, **kwargs))


def clip_linear_attention(model: SanaTransformer2DModel) -> None:
    """Set `ClippedLinearAttention` as the attention processor of each block."""
    for block in model.transformer_blocks:
        block.attn1.set_processor(ClippedLinearAttention())


class LinearAttention:
    """A replacement for diffusers' `SanaLinearAttnProcessor2_0`, clipped if the original is."""

    def __init__(self, original: SanaLinearAttnProcessor2_0 | ClippedLinearAttention) -> None:
        self._finish: Callable[[Tensor], Tensor] = (
            _clipped if isinstance(original, ClippedLinearAttention) else nn.Identity()
        )

    def __call__(self, attn: Attention, hidden_states: Tensor, **_: None) -> Tensor:
        """Map f32 [B, n, D] to f32 [B, n, D]."""
        query, key, value = attn.to_q(hidden_states), attn.to_k(hidden_states), attn.to_v(hidden_states)
        query = F.relu(attn.norm_q(query) if attn.norm_q is not None else query)
        key = F.relu(attn.norm_k(key) if attn.norm_k is not None else key)
        query, key, value = (each.unflatten(2, (attn.heads, -1)).transpose(1, 2) for each in (query, key, value))
        return self._finish(attn.to_out[0](_linear_attention(query, key, value)))


class MultiscaleLinearAttention:
    """A replacement for diffusers' `SanaMultiscaleAttnProcessor2_0` in an `EfficientViTBlock` with RMS norms.

    It is linear for any size, where the original is quadratic for the smallest.
    """

    def __call__(self, attn: SanaMultiscaleLinearAttention, hidden_states: Tensor) -> Tensor:
        """Map f32 [B, D, h, w] to f32 [B, D, h, w]."""
        pixels = hidden_states.movedim(1, -1)
        states = torch.cat([attn.to_q(pixels), attn.to_k(pixels), attn.to_v(pixels)], 3).movedim(-1, 1)
        states = torch.cat([states, *(scale(states) for scale in attn.to_qkv_multiscale)], 1).movedim(1, -1)
        heads = states.flatten(1, 2).unflatten(2, (-1, 3, attn.attention_head_dim))
        query, key, value = heads.permute(3, 0, 2, 1, 4).unbind(0)
        attended = _linear_attention(attn.nonlinearity(query), attn.nonlinearity(key), value)
        output = attn.norm_out(attn.to_out(attended.unflatten(1, pixels.shape[1:3])))
        return cast(Tensor, output.movedim(-1, 1) + hidden_states)


def use_multiscale_linear_attention(network: nn.Module) -> None:
    """Set `MultiscaleLinearAttention` as the attention processor of a DC-AE's encoder or decoder."""
    for part in network.modules():
        if isinstance(part, EfficientViTBlock) and part.attn.norm_type == "rms_norm":
            part.attn.processor = MultiscaleLinearAttention()


def _linear_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return f32 [B, n, heads * head_dim] for f32 [B, heads, n, head_dim] each; query and key must not be negative."""
    weighted = query @ (key.transpose(2, 3) @ value)
    total = query @ key.sum(2)[..., None]
    return (weighted / (total + 1e-15)).transpose(1, 2).flatten(2)  # 1e-15 is the `eps` of diffusers' processors


def _clipped(output: Tensor) -> Tensor:
    limit = torch.finfo(torch.float16).max
    return output.clip(-limit, limit)
