"""Linear attention as it is traced: what diffusers computes, without moving tokens and channels.

Diffusers transposes them on the way, which on CPUs takes longer than the products.
"""

from typing import Any

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


class ClippedLinearAttention(SanaLinearAttnProcessor2_0):
    """Sana's linear attention as diffusers computes it in float16: its output is clipped to float16's range."""

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return _clipped(super().__call__(*args, **kwargs))


def clip_linear_attention(model: SanaTransformer2DModel) -> None:
    """Give each block `ClippedLinearAttention`."""
    for block in model.transformer_blocks:
        block.attn1.set_processor(ClippedLinearAttention())


class LinearAttention:
    """Stands for a processor of diffusers, and computes the same."""

    def __init__(self, original: SanaLinearAttnProcessor2_0) -> None:
        self._finish = _clipped if isinstance(original, ClippedLinearAttention) else nn.Identity()

    def __call__(self, attn: Attention, hidden_states: Tensor, **_: None) -> Tensor:
        """Map f32 [B, n, D] to f32 [B, n, D]."""
        query, key, value = attn.to_q(hidden_states), attn.to_k(hidden_states), attn.to_v(hidden_states)
        query = F.relu(attn.norm_q(query) if attn.norm_q is not None else query)
        key = F.relu(attn.norm_k(key) if attn.norm_k is not None else key)
        query, key, value = (each.unflatten(2, (attn.heads, -1)).transpose(1, 2) for each in (query, key, value))
        return self._finish(attn.to_out[0](_linear_attention(query, key, value)))


class MultiscaleLinearAttention:
    """The linear attention of diffusers' `SanaMultiscaleAttnProcessor2_0` in an `EfficientViTBlock` with RMS norms."""

    def __call__(self, attn: SanaMultiscaleLinearAttention, hidden_states: Tensor) -> Tensor:
        """Map f32 [B, D, h, w] to f32 [B, D, h, w]."""
        pixels = hidden_states.movedim(1, -1)
        states = torch.cat([attn.to_q(pixels), attn.to_k(pixels), attn.to_v(pixels)], 3).movedim(-1, 1)
        states = torch.cat([states, *(scale(states) for scale in attn.to_qkv_multiscale)], 1).movedim(1, -1)
        heads = states.flatten(1, 2).unflatten(2, (-1, 3, attn.attention_head_dim))
        query, key, value = heads.permute(3, 0, 2, 1, 4).unbind(0)
        attended = _linear_attention(attn.nonlinearity(query), attn.nonlinearity(key), value)
        output = attn.norm_out(attn.to_out(attended.unflatten(1, pixels.shape[1:3])))
        return output.movedim(-1, 1) + hidden_states


def use_multiscale_linear_attention(network: nn.Module) -> None:
    """Make a DC-AE's encoder or decoder compute its linear attention by `MultiscaleLinearAttention`."""
    for part in network.modules():
        if isinstance(part, EfficientViTBlock) and part.attn.norm_type == "rms_norm":
            part.attn.processor = MultiscaleLinearAttention()


def _linear_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return f32 [B, n, heads * head_dim]; each input is f32 [B, heads, n, head_dim], query and key not negative."""
    weighted = query @ (key.transpose(2, 3) @ value)
    total = query @ key.sum(2)[..., None]
    return (weighted / (total + 1e-15)).transpose(1, 2).flatten(2)


def _clipped(output: Tensor) -> Tensor:
    limit = torch.finfo(torch.float16).max
    return output.clip(-limit, limit)
