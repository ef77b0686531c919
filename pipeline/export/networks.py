"""The components of a checkpoint, each as a module to trace with example inputs, and samples to measure its parity on.

The expected answers come from the unchanged models of diffusers and transformers. So they test the replacements in
`modules` as well as OpenVINO.
"""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers.models import AutoencoderDC, SanaTransformer2DModel
from torch import Tensor, nn
from transformers import Gemma2Model

from ..domain.families import Family
from ..model_folder.parity import Sample
from .modules import (
    DraftDecoderModule,
    DraftEncoderModule,
    GuidedTransformerModule,
    TextEncoderModule,
    TransformerModule,
    VaeDecoderModule,
    VaeEncoderModule,
)
from .prefix import hidden_states_and_cache
from .random_pictures import random_picture

PROMPT = "a red house near the sea, under a big yellow moon"


@dataclass(frozen=True)
class Network:
    """A component ready for conversion: the module to trace, example inputs, and samples for its parity."""

    module: nn.Module
    example: dict[str, Tensor]
    samples: list[Sample]


def text_encoder(model: Gemma2Model, prefix_ids: list[int], prompt_ids: list[int]) -> Network:
    """Return the text encoder, with a prompt after the prefix and the same prompt alone as samples."""
    samples = []
    for past in (prefix_ids, []):
        answer, keys, values = hidden_states_and_cache(model, past + prompt_ids)
        known = slice(0, len(past))
        inputs = {
            "input_ids": torch.tensor([prompt_ids]),
            "position_ids": torch.arange(len(past), len(past) + len(prompt_ids))[None],
            "past_keys": keys[:, :, known],
            "past_values": values[:, :, known],
        }
        samples.append(_sample(inputs, answer[None, len(past) :]))
    example = {name: torch.from_numpy(value) for name, value in samples[0].inputs.items()}
    return Network(TextEncoderModule(model), example, samples)


def transformer(model: SanaTransformer2DModel, family: Family) -> Network:
    """Return the transformer, with two latents of other sizes than the native one and padded prompts as samples."""
    generator = torch.Generator().manual_seed(0)
    config = model.config

    def inputs(batch: int, height: int, width: int, tokens: int) -> dict[str, Tensor]:
        mask = torch.ones(batch, tokens)
        mask[0, tokens // 2 :] = 0
        named = {
            "hidden_states": torch.randn(batch, config["in_channels"], height, width, generator=generator),
            "encoder_hidden_states": torch.randn(batch, tokens, config["caption_channels"], generator=generator),
            "encoder_attention_mask": mask,
        }
        timestep = torch.rand(batch, generator=generator)
        if family.embeds_guidance:
            return {
                **named,
                "timestep": timestep,
                "guidance": torch.full((batch,), 4.5 * config["guidance_embeds_scale"]),
            }
        return {**named, "timestep": timestep * 1000 * config["timestep_scale"]}

    samples = []
    for named in (inputs(2, 9, 7, 20), inputs(1, 4, 12, 5)):
        with torch.no_grad():
            samples.append(_sample(named, model(**named).sample))
    module = GuidedTransformerModule if family.embeds_guidance else TransformerModule
    return Network(module(model), inputs(2, 6, 10, 8), samples)


def vae_decoder(model: AutoencoderDC) -> Network:
    """Return the VAE decoder, with two latents as samples. In one of them, diffusers' attention is quadratic."""
    side = _linear_side(model)
    generator = torch.Generator().manual_seed(0)

    def inputs(height: int, width: int) -> dict[str, Tensor]:
        latents = torch.randn(1, model.config["latent_channels"], height, width, generator=generator)
        return {"latent_sample": latents / model.config["scaling_factor"]}

    samples = []
    for named in (inputs(side, side + 1), inputs(4, 4)):
        with torch.no_grad():
            samples.append(_sample(named, model.decode(named["latent_sample"]).sample))
    return Network(VaeDecoderModule(model), inputs(side, side), samples)


def vae_encoder(model: AutoencoderDC) -> Network:
    """Return the VAE encoder, with two pictures as samples. In one of them, diffusers' attention is quadratic."""
    side = _linear_side(model)
    generator = torch.Generator().manual_seed(0)

    def inputs(height: int, width: int) -> dict[str, Tensor]:
        """Return a random picture for a latent of that size. Noise would tell little about the encoding of pictures."""
        picture = random_picture(generator, 32 * max(height, width))
        return {"sample": picture[None, :, : 32 * height, : 32 * width].contiguous()}

    samples = []
    for named in (inputs(side, side + 1), inputs(4, 4)):
        with torch.no_grad():
            samples.append(_sample(named, model.encode(named["sample"]).latent))
    return Network(VaeEncoderModule(model), inputs(side, side), samples)


def draft_decoder(decoder: nn.Sequential, latents: Tensor) -> Network:
    """Return a draft decoder, with parts of two latents as samples.

    `latents` are f32 [N, C, h, w] with N > 1, as the transformer returns them.
    """
    samples = []
    for part in (latents[:1, :, :, 1:], latents[1:2, :, :4, :4]):
        with torch.no_grad():
            samples.append(_sample({"latent_sample": part}, decoder(part) * 2 - 1))
    return Network(DraftDecoderModule(decoder), {"latent_sample": latents[:1]}, samples)


def draft_encoder(encoder: nn.Sequential) -> Network:
    """Return a draft encoder, with two pictures as samples."""
    generator = torch.Generator().manual_seed(0)
    pictures = [random_picture(generator, 256)[None, :, :, 32:].contiguous(), random_picture(generator, 128)[None]]
    samples = []
    for picture in pictures:
        with torch.no_grad():
            samples.append(_sample({"sample": picture}, encoder(picture / 2 + 0.5)))
    return Network(DraftEncoderModule(encoder), {"sample": pictures[0]}, samples)


def _linear_side(model: AutoencoderDC) -> int:
    """Return the side of a latent for which diffusers' attention is linear.

    diffusers' `SanaMultiscaleAttnProcessor2_0` is linear for more than head_dim positions and quadratic otherwise. Both
    give the same but for rounding.
    """
    return max(8, int(model.config["attention_head_dim"] ** 0.5) + 1)


def _sample(inputs: dict[str, Tensor], answer: Tensor) -> Sample:
    return Sample({name: np.ascontiguousarray(value.numpy()) for name, value in inputs.items()}, answer.numpy())
