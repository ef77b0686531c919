"""The three networks as they are traced: with the inputs of the IR, and every size dynamic.

All module calls are diffusers' and transformers' own; only what Python would decide from sizes while tracing is
written here as tensor operations.
"""

from types import SimpleNamespace

import torch
from diffusers.models import AutoencoderDC, SanaTransformer2DModel
from diffusers.models.embeddings import PatchEmbed
from torch import Tensor, nn
from transformers import Gemma2Model


class TextEncoderModule(nn.Module):
    """Gemma-2 on new tokens after those whose keys and values are given."""

    def __init__(self, model: Gemma2Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, position_ids: Tensor, past_keys: Tensor, past_values: Tensor) -> Tensor:
        """`input_ids`, `position_ids` i64 [1, n]; `past_keys`, `past_values` f32 [layers, kv_heads, p, head_dim],
        p may be 0. Returns the hidden states after the final norm, f32 [1, n, hidden]."""
        past = SimpleNamespace(update=lambda k, v, layer: (_join(past_keys, k, layer), _join(past_values, v, layer)))
        key_positions = torch.arange(past_keys.shape[2] + input_ids.shape[1])
        future = key_positions > position_ids[:, None, :, None]
        mask = torch.zeros(future.shape).masked_fill(future, torch.finfo(torch.float32).min)
        # Layers with a sliding window get the same mask: `checkpoint` refuses texts longer than the window.
        masks = {"full_attention": mask, "sliding_attention": mask}
        output = self.model(
            input_ids, attention_mask=masks, position_ids=position_ids, past_key_values=past, use_cache=False
        )
        return output.last_hidden_state


class TransformerModule(nn.Module):
    """Sana's linear DiT; replaces the model's patch embedding by one that traces for any size."""

    def __init__(self, model: SanaTransformer2DModel) -> None:
        super().__init__()
        self.model = model
        if model.patch_embed.pos_embed is not None:
            model.register_module("patch_embed", SincosPatchEmbed(model.patch_embed))

    def forward(
        self, hidden_states: Tensor, encoder_hidden_states: Tensor, encoder_attention_mask: Tensor, timestep: Tensor
    ) -> Tensor:
        """Latents f32 [B, C, h, w], prompt embeddings f32 [B, n, hidden], their mask f32 [B, n] (1 keep, 0 drop) and
        timesteps f32 [B]. Returns the velocity f32 [B, C, h, w]."""
        return self.model(
            hidden_states,
            encoder_hidden_states,
            timestep,
            encoder_attention_mask=encoder_attention_mask,
            return_dict=False,
        )[0]


class VaeDecoderModule(nn.Module):
    """The DC-AE's decoder."""

    def __init__(self, model: AutoencoderDC) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(self, latent_sample: Tensor) -> Tensor:
        """Latents divided by the scaling factor, f32 [1, C, h, w]. Returns pixels in [-1, 1], f32 [1, 3, 32h, 32w]."""
        return self.decoder(latent_sample)


class SincosPatchEmbed(nn.Module):
    """diffusers' `PatchEmbed` with the positions of `get_2d_sincos_pos_embed`, computed from the latent's own size."""

    def __init__(self, original: PatchEmbed) -> None:
        super().__init__()
        self.proj = original.proj
        quarter = original.proj.out_channels // 4  # a sine and a cosine for each of x and y
        self.register_buffer("omega", (1 / 10000 ** (torch.arange(quarter, dtype=torch.float64) / quarter)).float())
        self.native_side = original.base_size / original.interpolation_scale

    def forward(self, latent: Tensor) -> Tensor:
        """f32 [B, C, h, w] to f32 [B, h/p * w/p, D], row by row."""
        patches = self.proj(latent)
        height, width = patches.shape[-2:]
        x = self._embed(width)[None].expand(height, -1, -1)  # the grid of `get_2d_sincos_pos_embed` has x first
        y = self._embed(height)[:, None].expand(-1, width, -1)
        return (patches.permute(0, 2, 3, 1) + torch.cat([x, y], dim=-1)).flatten(1, 2)

    def _embed(self, count: int) -> Tensor:
        """f32 [count, D/2]: the positions along one side, scaled so that any side spans the native one."""
        positions = torch.arange(count, dtype=torch.float32) / count * self.native_side
        angles = positions[:, None] * self.omega
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _join(past: Tensor, new: Tensor, layer: int) -> Tensor:
    """[layers, kv_heads, p, head_dim] and [1, kv_heads, n, head_dim] to [1, kv_heads, p + n, head_dim]."""
    return torch.cat([past[layer][None], new], dim=2)
