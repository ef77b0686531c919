"""The reference: three pictures that the uncompressed checkpoint draws in torch.

Each of its stages runs while that part of the checkpoint is exported. The finished folder is compared with the
pictures, and quantised activations are calibrated on the inputs of the stages.
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

from ..domain.settings import GenerationSettings
from ..domain.updates import Result
from ..generation.denoiser import Denoiser
from ..generation.pipeline import SanaPipeline
from ..generation.text_encoder import Prefix, PromptEmbeddings, TextEncoder
from ..generation.vae_decoder import to_picture
from ..model_folder.manifest import Manifest
from ..model_folder.parity import psnr
from ..runtime.compiled_model import Infer
from ..runtime.device import Device
from .checkpoint import Checkpoint
from .measure import ssim
from .prefix import hidden_states_after
from .preview_fit import random_latents

PROMPTS = (
    "a red house near the sea, under a big yellow moon",
    "three white clouds above a green tree",
    "a small blue car in the desert",
)
SIDE, SEED = 256, 0  # pixels; chosen: so small that even the largest checkpoint takes only minutes
Calibration = list[dict[str, np.ndarray]]


class RememberedEmbeddings:
    """A stand-in for `TextEncoder` that returns embeddings encoded before."""

    def __init__(self, embeddings: dict[str, np.ndarray]) -> None:
        self._embeddings = embeddings

    def encode(self, prompt: str) -> PromptEmbeddings:
        return PromptEmbeddings(self._embeddings[prompt])

    encode_negative = encode


class Reference:
    """The reference of one checkpoint.

    Call `encode`, `denoise`, `decode`, `encode_random_pictures` and `encode_pictures` in this order. Each stage's
    result is kept in `folder`, so that an interrupted export can be continued.
    """

    def __init__(self, checkpoint: Checkpoint, folder: Path) -> None:
        self._checkpoint = checkpoint
        self._folder = folder
        model = checkpoint.model
        self._side = max(model.min_size, min(SIDE, model.max_size))
        self._settings = [
            GenerationSettings(
                prompt,
                width=self._side,
                height=self._side,
                num_inference_steps=model.defaults["num_inference_steps"],
                guidance_scale=model.defaults["guidance_scale"],
                seed=SEED,
                use_resolution_binning=False,
            )
            for prompt in PROMPTS
        ]

    def encode(self, model: Gemma2Model, prefix: Path) -> None:
        """Encode the prompts and the empty negative prompt, and keep the embeddings."""
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
        """Denoise the latents of each prompt, and keep them; return the transformer's inputs in each step."""
        infer, given = _recorded(lambda tensors: model(**tensors).sample)
        checkpoint = self._checkpoint
        denoiser = Denoiser(infer, dict(model.config), checkpoint.model.family, checkpoint.new_scheduler)
        encoder: Any = RememberedEmbeddings(dict(np.load(self._folder / "embeddings.npz")))
        latents = []
        for settings in self._settings:
            *_, last = denoiser.steps(encoder, settings, self._side, self._side)
            latents.append(last.latents.numpy())
        np.save(self._folder / "latents.npy", np.concatenate(latents))
        return given

    def decode(self, model: AutoencoderDC) -> Calibration:
        """Decode the latents to pictures, and keep them; return the decoder's inputs."""
        infer, given = _recorded(lambda tensors: model.decode(tensors["latent_sample"]).sample)
        latents = torch.from_numpy(np.load(self._folder / "latents.npy"))
        pictures = []
        for latent in latents:
            sample = infer({"latent_sample": (latent[None] / model.config["scaling_factor"]).numpy()})
            pictures.append(to_picture(sample[0], self._side, self._side))
        np.save(self._folder / "pictures.npy", np.stack(pictures))
        return given

    def encode_pictures(self, model: AutoencoderDC) -> Calibration:
        """Encode the pictures to scaled latents, and keep them; return the encoder's inputs."""
        infer, given = _recorded(lambda tensors: model.encode(tensors["sample"]).latent)
        pictures = np.load(self._folder / "pictures.npy").transpose(0, 3, 1, 2) * 2 - 1
        encoded = [infer({"sample": np.ascontiguousarray(picture[None])}) for picture in pictures]
        np.save(self._folder / "encoded.npy", np.concatenate(encoded) * model.config["scaling_factor"])
        return given

    def encode_random_pictures(self, model: AutoencoderDC) -> torch.Tensor:
        """Encode the random pictures that previews are fitted to, and keep their latents; return these."""
        latents = random_latents(model)
        np.save(self._folder / "random_latents.npy", latents.numpy())
        return latents

    def random_latents(self) -> torch.Tensor:
        """Return the latents of `encode_random_pictures`, which a draft decoder is fitted to as well."""
        return torch.from_numpy(np.load(self._folder / "random_latents.npy"))

    def measure_draft_encoder(self, encoder: nn.Sequential) -> float:
        """Return the worst PSNR in dB of a draft encoder's latents against the latents of `encode_pictures`."""
        pictures = torch.from_numpy(np.load(self._folder / "pictures.npy")).permute(0, 3, 1, 2)
        with torch.no_grad():
            latents = [encoder(picture[None])[0].numpy() for picture in pictures]
        encoded = np.load(self._folder / "encoded.npy")
        return round(min(psnr(*pair) for pair in zip(latents, encoded, strict=True)), 1)

    def measure_draft_decoder(self, decoder: nn.Sequential) -> float:
        """Return the worst PSNR in dB of a draft decoder's pictures against those of `decode`."""
        latents = torch.from_numpy(np.load(self._folder / "latents.npy"))
        decibels = []
        for latent, picture in zip(latents, np.load(self._folder / "pictures.npy"), strict=True):
            with torch.no_grad():
                pixels = decoder(latent[None])[0] * 2 - 1
            decibels.append(psnr(to_picture(pixels.numpy(), self._side, self._side), picture, peak=1.0))
        return round(min(decibels), 1)

    def compare(self, folder: Path, manifest: Manifest) -> tuple[dict[str, Any], ...]:
        """Draw the pictures with a finished IR folder; return "prompt", "psnr_db" and "ssim" of each."""
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
        return tuple(records)


def _recorded(network: Callable[[dict[str, torch.Tensor]], torch.Tensor]) -> tuple[Infer, Calibration]:
    """Wrap a torch network to be called like a compiled model; return also the list that collects its inputs."""
    given: Calibration = []

    def infer(inputs: dict[str, np.ndarray]) -> np.ndarray:
        given.append(inputs)
        with torch.no_grad():
            return network({name: torch.from_numpy(value) for name, value in inputs.items()}).numpy()

    return infer, given
