"""The stages of a generation, made of an IR folder: prompt -> embeddings -> latents -> pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .artifacts import COMPONENTS, Manifest, read_json
from .classes import named_class
from .components import Component, Turn
from .denoise import Denoiser
from .device import EXACT, Device
from .precision import fitting
from .text_encoder import Prefix, TextEncoder
from .vae_decoder import VaeDecoder

Model = TypeVar("Model", Component, VaeDecoder)


class Stages:
    """Text encoder, denoiser and VAE decoder of a folder, with the models they call on a device.

    `precisions` says how each of the models computes. With `low_memory` one of them at a time is in memory, and
    compiled again whenever its turn comes.
    """

    def __init__(self, folder: Path, manifest: Manifest, device: Device, low_memory: bool) -> None:
        """Compiles the models; their files are not verified here. Raises SanaError."""
        # fp16 promises what f32 gives; the other recipes come near to it, and so does a fast precision.
        fast = EXACT if manifest.compression == "fp16" else device.fast_precision
        turn = Turn() if low_memory else None
        paths = {name: folder / name / "openvino_model.xml" for name in COMPONENTS}

        def fit(name: str, build: Callable[[str], Model]) -> Model:
            return fitting(build, fast, folder / name, manifest.components.get(name, {}).get("parity_db", 0.0))

        text_model = fit("text_encoder", lambda precision: Component(device, paths["text_encoder"], precision, turn))
        prefix = folder / "text_encoder" / "prefix.safetensors"
        self.text_encoder = TextEncoder(
            text_model,
            named_class(folder, "tokenizer").from_pretrained(folder / "tokenizer"),
            Prefix.load(prefix) if prefix.exists() else None,  # optimum-intel's exports have none
            manifest.complex_human_instruction,
            manifest.max_sequence_length,
        )

        transformer = fit("transformer", lambda precision: Component(device, paths["transformer"], precision, turn))
        scheduler_class = named_class(folder, "scheduler")
        scheduler_config = read_json(folder / "scheduler" / "scheduler_config.json")
        self.sampler: str = scheduler_class.__name__
        self.denoiser = Denoiser(
            transformer,
            read_json(folder / "transformer" / "config.json"),
            manifest.family,
            lambda: scheduler_class.from_config(scheduler_config),
        )

        scaling_factor = read_json(folder / "vae_decoder" / "config.json")["scaling_factor"]
        self.vae_decoder = fit(
            "vae_decoder",
            lambda precision: VaeDecoder(device, paths["vae_decoder"], scaling_factor, precision, turn),
        )

        self._models: dict[str, Component | VaeDecoder] = dict(
            zip(COMPONENTS, (text_model, transformer, self.vae_decoder), strict=True)
        )
        self.precisions = {name: model.precision for name, model in self._models.items()}

    def seconds(self) -> dict[str, float]:
        """The time spent in each model so far."""
        return {name: model.seconds for name, model in self._models.items()}
