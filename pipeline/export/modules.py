"""The networks as they are traced: with the inputs of the IR, and every size dynamic.

All module calls are diffusers' and transformers' own, but for `layers` and `attention`. Where their Python code would
decide by a size while it is traced, tensor operations stand here instead.
"""

from types import SimpleNamespace

import torch
from diffusers.models import AutoencoderDC, SanaTransformer2DModel
from torch import Tensor, nn
from transformers import Gemma2Model

from .attention import LinearAttention, use_multiscale_linear_attention
from .layers import MixFeedForward, ScaledEmbedding, SincosPatchEmbed


class TextEncoderModule(nn.Module):
    """Gemma-2 on new tokens, after tokens whose keys and values are given.

    Replaces the model's embedding by one whose weights OpenVINO reads in 16 bits.
    """

    def __init__(self, model: Gemma2Model) -> None:
        super().__init__()
        self.model = model
        model.register_module("embed_tokens", ScaledEmbedding(model.embed_tokens))

    def forward(self, input_ids: Tensor, position_ids: Tensor, past_keys: Tensor, past_values: Tensor) -> Tensor:
        """Return the hidden states after the final norm, f32 [1, n, hidden].

        `input_ids`, `position_ids` i64 [1, n]; `past_keys`, `past_values` f32 [layers, kv_heads, p, head_dim], p may
        be 0.
        """
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
    """Sana's linear DiT.

    Replaces the model's patch embedding by one that traces for any size, its feed-forward blocks by ones that multiply
    matrices, and its linear attention by a faster way to compute it.
    """

    def __init__(self, model: SanaTransformer2DModel) -> None:
        super().__init__()
        self.model = model
        if model.patch_embed.pos_embed is not None:
            model.register_module("patch_embed", SincosPatchEmbed(model.patch_embed))
        for block in model.transformer_blocks:
            block.register_module("ff", MixFeedForward(block.ff))
            block.attn1.set_processor(LinearAttention(block.attn1.processor))

    def forward(
        self, hidden_states: Tensor, encoder_hidden_states: Tensor, encoder_attention_mask: Tensor, timestep: Tensor
    ) -> Tensor:
        """Return the velocity f32 [B, C, h, w].

        Takes latents f32 [B, C, h, w], prompt embeddings f32 [B, n, hidden], their mask f32 [B, n] (1 keep, 0 drop) and
        timesteps f32 [B].
        """
        return self.model(
            hidden_states,
            encoder_hidden_states,
            timestep,
            encoder_attention_mask=encoder_attention_mask,
            return_dict=False,
        )[0]


class GuidedTransformerModule(TransformerModule):
    """The same of a family that embeds the guidance scale."""

    def forward(  # type: ignore[override]
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        encoder_attention_mask: Tensor,
        timestep: Tensor,
        guidance: Tensor,
    ) -> Tensor:
        """Return the velocity; besides the inputs of `TransformerModule`, `guidance` f32 [B] is the scale times
        `guidance_embeds_scale`."""
        return self.model(
            hidden_states,
            encoder_hidden_states,
            timestep,
            guidance=guidance,
            encoder_attention_mask=encoder_attention_mask,
            return_dict=False,
        )[0]


class VaeDecoderModule(nn.Module):
    """The DC-AE's decoder; replaces its linear attention by a faster way to compute it."""

    def __init__(self, model: AutoencoderDC) -> None:
        super().__init__()
        self.decoder = model.decoder
        use_multiscale_linear_attention(self.decoder)

    def forward(self, latent_sample: Tensor) -> Tensor:
        """Return pixels f32 [1, 3, 32h, 32w] in [-1, 1] of latents f32 [1, C, h, w] divided by the scaling factor."""
        return self.decoder(latent_sample)


class VaeEncoderModule(nn.Module):
    """The DC-AE's encoder; replaces its linear attention by a faster way to compute it."""

    def __init__(self, model: AutoencoderDC) -> None:
        super().__init__()
        self.encoder = model.encoder
        use_multiscale_linear_attention(self.encoder)

    def forward(self, sample: Tensor) -> Tensor:
        """Return latents f32 [1, C, h, w], not scaled, of pixels f32 [1, 3, 32h, 32w] in [-1, 1]."""
        return self.encoder(sample)


class DraftDecoderModule(nn.Module):
    """A draft decoder whose pixels are in [-1, 1], as the DC-AE's are."""

    def __init__(self, decoder: nn.Sequential) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latent_sample: Tensor) -> Tensor:
        """Return pixels f32 [1, 3, 32h, 32w] of latents as the transformer makes them, f32 [1, C, h, w]."""
        return self.decoder(latent_sample) * 2 - 1


class DraftEncoderModule(nn.Module):
    """A draft encoder that takes pixels in [-1, 1], as the DC-AE does."""

    def __init__(self, encoder: nn.Sequential) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, sample: Tensor) -> Tensor:
        """Return latents as the transformer makes them, f32 [1, C, h, w], of pixels f32 [1, 3, 32h, 32w]."""
        return self.encoder(sample / 2 + 0.5)


def _join(past: Tensor, new: Tensor, layer: int) -> Tensor:
    """Join [layers, kv_heads, p, head_dim] and [1, kv_heads, n, head_dim] to [1, kv_heads, p + n, head_dim]."""
    return torch.cat([past[layer][None], new], dim=2)
