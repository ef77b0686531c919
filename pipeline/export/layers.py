"""Replacements for layers of diffusers and transformers that do not trace or compress well. They compute the same."""

from typing import cast

import torch
import torch.nn.functional as F
from diffusers.models.embeddings import PatchEmbed
from diffusers.models.transformers.sana_transformer import GLUMBConv
from torch import Tensor, nn
from transformers.models.gemma2.modeling_gemma2 import Gemma2TextScaledWordEmbedding


class ScaledEmbedding(nn.Module):
    """transformers' `Gemma2TextScaledWordEmbedding` as a plain embedding and a factor."""

    def __init__(self, original: Gemma2TextScaledWordEmbedding) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1, original.embedding_dim, original.padding_idx)
        self.embedding.weight = original.weight
        self.scale = original.scalar_embed_scale

    def forward(self, input_ids: Tensor) -> Tensor:
        """Map i64 [1, n] to f32 [1, n, hidden]."""
        return cast(Tensor, self.embedding(input_ids) * self.scale)


class MixFeedForward(nn.Module):
    """diffusers' `GLUMBConv` as Sana's blocks use it, with matrix multiplications for its 1x1 convolutions.

    NNCF does not compress convolutions to 4 bits.
    """

    def __init__(self, original: GLUMBConv) -> None:
        super().__init__()
        self.inverted = _linear(original.conv_inverted)
        self.depth = original.conv_depth
        self.point = _linear(original.conv_point)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Map f32 [B, D, h, w] to f32 [B, D, 1, h * w]. The block flattens that to tokens without a transposition."""
        expanded = F.silu(self.inverted(hidden_states.permute(0, 2, 3, 1)))
        hidden_states, gate = self.depth(expanded.permute(0, 3, 1, 2)).chunk(2, dim=1)
        tokens = self.point((hidden_states * F.silu(gate)).permute(0, 2, 3, 1)).flatten(1, 2)
        return cast(Tensor, tokens.permute(0, 2, 1)[:, :, None])


class SincosPatchEmbed(nn.Module):
    """diffusers' `PatchEmbed`, with its positional embedding computed from the latent's size instead of stored.

    The formula is that of diffusers' `get_2d_sincos_pos_embed`.
    """

    def __init__(self, original: PatchEmbed) -> None:
        super().__init__()
        self.proj = original.proj
        quarter = original.proj.out_channels // 4  # a sine and a cosine for each of x and y
        self.register_buffer("omega", (1 / 10000 ** (torch.arange(quarter, dtype=torch.float64) / quarter)).float())
        self.native_side = original.base_size / original.interpolation_scale

    def forward(self, latent: Tensor) -> Tensor:
        """Map f32 [B, C, h, w] to f32 [B, h/p * w/p, D], row by row."""
        patches = self.proj(latent)
        height, width = patches.shape[-2:]
        x = self._embed(width)[None].expand(height, -1, -1)  # x comes first, as in `get_2d_sincos_pos_embed`
        y = self._embed(height)[:, None].expand(-1, width, -1)
        return cast(Tensor, (patches.permute(0, 2, 3, 1) + torch.cat([x, y], dim=-1)).flatten(1, 2))

    def _embed(self, count: int) -> Tensor:
        """Embed the positions along one side, scaled so that they span the native side; return f32 [count, D/2]."""
        positions = torch.arange(count, dtype=torch.float32) / count * self.native_side
        angles = positions[:, None] * self.omega
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _linear(convolution: nn.Conv2d) -> nn.Linear:
    """Return a 1x1 convolution as a linear layer over the channels."""
    linear = nn.Linear(1, 1, bias=convolution.bias is not None)
    linear.in_features, linear.out_features = convolution.in_channels, convolution.out_channels
    linear.weight = nn.Parameter(convolution.weight[:, :, 0, 0], requires_grad=False)
    if convolution.bias is not None:
        linear.bias = nn.Parameter(convolution.bias, requires_grad=False)
    return linear
