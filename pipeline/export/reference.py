"""What the uncompressed checkpoint draws: three pictures in torch, made stage by stage as its parts are exported.

The finished folder is compared with them, and activations are calibrated on what the stages were given.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models import AutoencoderDC, SanaTransformer2DModel
from torch import nn
from transformers import Gemma2Model

from ..artifacts import Manifest, read_json
from ..classes import named_class
from ..components import Infer
from ..denoise import Denoiser
from ..device import Device
from ..parity import psnr
from ..sana import SanaPipeline
from ..settings import GenerationSettings
from ..text_encoder import Prefix, PromptEmbeddings, TextEncoder
from ..updates import Result
from ..vae_decoder import to_picture
from .checkpoint import Checkpoint
from .measure import ssim
from .prefix import hidden_states_after

PROMPTS = (
    "a red house near the sea, under a big yellow moon",
    "three white clouds above a green tree",
    "a small blue car in the desert",
)
SIDE, SEED = 256, 0  # small, so that it takes minutes for the largest checkpoint; other sides where it has to
Calibration = list[dict[str, np.ndarray]]


class Remembered:
    """Stands for a `TextEncoder` that has encoded the prompts before."""

    def __init__(self, embeddings: dict[str, np.ndarray]) -> None:
        self._embeddings = embeddings

    def encode(self, prompt: str) -> PromptEmbeddings:
        return PromptEmbeddings(self._embeddings[prompt])

    encode_negative = encode


class Reference:
    """The pictures of a checkpoint. `folder` keeps each stage's result, so that an interrupted export goes on."""

    def __init__(self, checkpoint: Checkpoint, folder: Path) -> None:
        self._checkpoint = checkpoint
        self._folder = folder
        defaults = checkpoint.defaults
        self._side = max(defaults.min_size, min(SIDE, defaults.max_size))
        self._settings = [
            GenerationSettings(
                prompt,
                width=self._side,
                height=self._side,
                num_inference_steps=defaults.num_inference_steps,
                guidance_scale=defaults.guidance_scale,
                seed=SEED,
                use_resolution_binning=False,
            )
            for prompt in PROMPTS
        ]

    def encode(self, model: Gemma2Model, prefix: Path) -> None:
        """The embeddings of the prompts and of the empty negative prompt."""
        encoder = TextEncoder(
            partial(hidden_states_after, model),
            self._checkpoint.load_tokenizer(),
            Prefix.load(prefix),
            self._checkpoint.instruction,
            self._checkpoint.max_sequence_length,
        )
        embeddings = {prompt: encoder.encode(prompt).embeddings for prompt in PROMPTS}
        embeddings[""] = encoder.encode_negative("").embeddings
        np.savez(self._folder / "embeddings.npz", allow_pickle=False, **embeddings)

    def denoise(self, model: SanaTransformer2DModel) -> Calibration:
        """The latents of each prompt; returns what the transformer was given on the way, step by step."""
        infer, given = _recorded(lambda tensors: model(**tensors).sample)
        folder = self._checkpoint.folder
        config = read_json(folder / "scheduler" / "scheduler_config.json")
        denoiser = Denoiser(
            infer,
            dict(model.config),
            self._checkpoint.family,
            lambda: named_class(folder, "scheduler").from_config(config),
        )
        encoder: Any = Remembered(dict(np.load(self._folder / "embeddings.npz")))
        latents = []
        for settings in self._settings:
            *_, last = denoiser.steps(encoder, settings, self._side, self._side)
            latents.append(last.latents.numpy())
        np.save(self._folder / "latents.npy", np.concatenate(latents))
        return given

    def decode(self, model: AutoencoderDC) -> Calibration:
        """The pictures; returns what the decoder was given."""
        infer, given = _recorded(lambda tensors: model.decode(tensors["latent_sample"]).sample)
        latents = torch.from_numpy(np.load(self._folder / "latents.npy"))
        pictures = []
        for latent in latents:
            sample = infer({"latent_sample": (latent[None] / model.config["scaling_factor"]).numpy()})
            pictures.append(to_picture(sample[0], self._side, self._side))
        np.save(self._folder / "pictures.npy", np.stack(pictures))
        return given

    def measure_draft(self, decoder: nn.Sequential) -> float:
        """The worst PSNR in dB of a draft decoder's pictures against those of `decode`."""
        latents = torch.from_numpy(np.load(self._folder / "latents.npy"))
        decibels = []
        for latent, picture in zip(latents, np.load(self._folder / "pictures.npy"), strict=True):
            with torch.no_grad():
                pixels = decoder(latent[None])[0] * 2 - 1
            decibels.append(psnr(to_picture(pixels.numpy(), self._side, self._side), picture, peak=1.0))
        return round(min(decibels), 1)

    def compare(self, folder: Path, manifest: Manifest) -> list[dict[str, Any]]:
        """For each prompt the "psnr_db" and "ssim" of what an IR folder draws with the same seed."""
        pipe = SanaPipeline(folder, manifest, Device())
        records = []
        for settings, reference in zip(self._settings, np.load(self._folder / "pictures.npy"), strict=True):
            *_, result = pipe.generate(settings, "np")
            assert isinstance(result, Result)
            picture = result.images[0]
            records.append(
                {
                    "prompt": settings.prompt,
                    "psnr_db": round(psnr(picture, reference, peak=1.0), 1),
                    "ssim": round(ssim(picture, reference), 4),
                }
            )
        return records


def _recorded(network: Callable[[dict[str, torch.Tensor]], torch.Tensor]) -> tuple[Infer, Calibration]:
    """A torch network as the stages call a compiled model, and the list of what it will have been given."""
    given: Calibration = []

    def infer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        given.append(inputs)
        with torch.no_grad():
            return network({name: torch.from_numpy(value) for name, value in inputs.items()}).numpy()

    return infer, given
