"""The networks as they are traced: with the inputs of the IR, and dynamic in every size.

They call the modules of diffusers and transformers, except for the replacements in `layers` and `attention`. Python
code that would branch on a size during the trace is replaced by tensor operations.

Types are cast in the returned expressions, since the names of local variables become names of tensors in the IR.
"""

from types import SimpleNamespace
from typing import cast

import torch
from diffusers.models import AutoencoderDC, SanaTransformer2DModel
from torch import Tensor, nn
from transformers import Gemma2Model

from .attention import LinearAttention, use_multiscale_linear_attention
from .layers import MixFeedForward, ScaledEmbedding, SincosPatchEmbed


class TextEncoderModule(nn.Module):
    """Gemma-2 on new tokens that follow tokens with known keys and values."""

    def __init__(self, model: Gemma2Model) -> None:
        """Replace the embedding of `model` by one whose weights OpenVINO reads in 16 bits."""
        super().__init__()
        self.model = model
        model.register_module("embed_tokens", ScaledEmbedding(model.embed_tokens))

    def forward(self, input_ids: Tensor, position_ids: Tensor, past_keys: Tensor, past_values: Tensor) -> Tensor:
        """Return the hidden states of the new tokens after the final norm, f32 [1, n, hidden].

        `input_ids` and `position_ids` are i64 [1, n], of the new tokens. `past_keys` and `past_values` are f32
        [layers, kv_heads, p, head_dim], of the p tokens before; p may be 0.
        """
        past = SimpleNamespace(update=lambda k, v, layer: (_join(past_keys, k, layer), _join(past_values, v, layer)))
        key_positions = torch.arange(past_keys.shape[2] + input_ids.shape[1])
        future = key_positions > position_ids[:, None, :, None]
        mask = torch.zeros(future.shape).masked_fill(future, torch.finfo(torch.float32).min)
        # Layers with a sliding window get the same mask: `check_checkpoint` refuses texts longer than the window.
        masks = {"full_attention": mask, "sliding_attention": mask}
        output = self.model(
            input_ids, attention_mask=masks, position_ids=position_ids, past_key_values=past, use_cache=False
        )
        return cast(Tensor, output.last_hidden_state)


class TransformerModule(nn.Module):
    """Sana's linear DiT."""

    def __init__(self, model: SanaTransformer2DModel) -> None:
        """Replace layers of `model`: patch embedding, feed-forward blocks and linear attention."""
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

        `hidden_states` are latents f32 [B, C, h, w], `encoder_hidden_states` prompt embeddings f32 [B, n, hidden],
        `encoder_attention_mask` is their mask f32 [B, n] (1 keep, 0 drop), and `timestep` f32 [B].
        """
        (velocity,) = self.model(
            hidden_states,
            encoder_hidden_states,
            timestep,
            encoder_attention_mask=encoder_attention_mask,
            return_dict=False,
        )
        return cast(Tensor, velocity)


class GuidedTransformerModule(TransformerModule):
    """Sana's linear DiT in a family that embeds the guidance scale."""

    def forward(  # type: ignore[override]
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        encoder_attention_mask: Tensor,
        timestep: Tensor,
        guidance: Tensor,
    ) -> Tensor:
        """Return the velocity f32 [B, C, h, w].

        `guidance` f32 [B] is the guidance scale times the configuration's `guidance_embeds_scale`. The other inputs are
        those of `TransformerModule`.
        """
        (velocity,) = self.model(
            hidden_states,
            encoder_hidden_states,
            timestep,
            guidance=guidance,
            encoder_attention_mask=encoder_attention_mask,
            return_dict=False,
        )
        return cast(Tensor, velocity)


class VaeDecoderModule(nn.Module):
    """The DC-AE's decoder."""

    def __init__(self, model: AutoencoderDC) -> None:
        """Replace the linear attention of the decoder of `model`."""
        super().__init__()
        self.decoder = model.decoder
        use_multiscale_linear_attention(self.decoder)

    def forward(self, latent_sample: Tensor) -> Tensor:
        """Map latents f32 [1, C, h, w], divided by the scaling factor, to pixels f32 [1, 3, 32h, 32w] in [-1, 1]."""
        return cast(Tensor, self.decoder(latent_sample))


class VaeEncoderModule(nn.Module):
    """The DC-AE's encoder."""

    def __init__(self, model: AutoencoderDC) -> None:
        """Replace the linear attention of the encoder of `model`."""
        super().__init__()
        self.encoder = model.encoder
        use_multiscale_linear_attention(self.encoder)

    def forward(self, sample: Tensor) -> Tensor:
        """Map pixels f32 [1, 3, 32h, 32w] in [-1, 1] to unscaled latents f32 [1, C, h, w]."""
        return cast(Tensor, self.encoder(sample))


class DraftDecoderModule(nn.Module):
    """A draft decoder, with pixels in [-1, 1] like the DC-AE's instead of [0, 1]."""

    def __init__(self, decoder: nn.Sequential) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latent_sample: Tensor) -> Tensor:
        """Map latents f32 [1, C, h, w], as the transformer returns them, to pixels f32 [1, 3, 32h, 32w] in [-1, 1]."""
        return cast(Tensor, self.decoder(latent_sample) * 2 - 1)


class DraftEncoderModule(nn.Module):
    """A draft encoder, with pixels in [-1, 1] like the DC-AE's instead of [0, 1]."""

    def __init__(self, encoder: nn.Sequential) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, sample: Tensor) -> Tensor:
        """Map pixels f32 [1, 3, 32h, 32w] in [-1, 1] to latents f32 [1, C, h, w], as the transformer returns them."""
        return cast(Tensor, self.encoder(sample / 2 + 0.5))


def _join(past: Tensor, new: Tensor, layer: int) -> Tensor:
    """Join [layers, kv_heads, p, head_dim] and [1, kv_heads, n, head_dim] to [1, kv_heads, p + n, head_dim]."""
    return torch.cat([past[layer][None], new], dim=2)
