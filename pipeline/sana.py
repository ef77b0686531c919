"""SanaPipeline: owns the compiled models of an IR folder, and turns settings into pictures, update by update."""

import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino as ov
import torch

from .artifacts import COMPONENTS, Manifest, is_exported_by_optimum, read_json, read_manifest, resolve, verify
from .bins import generation_size
from .classes import named_class
from .components import Component, check_device
from .denoise import Denoiser
from .errors import SettingsError
from .image import describe, to_image, to_preview
from .optimum import describe as describe_optimum
from .settings import SIZE_MULTIPLE, GenerationSettings, check_negative_prompt, check_size
from .text_encoder import Prefix, TextEncoder
from .updates import DecodeUpdate, Result, StepUpdate, Update
from .vae_decoder import VaeDecoder, to_picture
from .variants import Defaults

OutputType = Literal["pil", "np"]

# One generation at a time per process, whatever the number of pipelines: two would only share the same cores.
_GENERATION = threading.Lock()


class SanaPipeline:
    """Text to image with Sana on OpenVINO. Make one with `from_pretrained`, call it, or iterate over `generate`."""

    def __init__(self, folder: Path, manifest: Manifest, device: str) -> None:
        """Compiles the models in `folder`; neither folder nor device is checked before. Raises SanaError."""
        self.manifest = manifest
        self.device = device
        core = ov.Core()
        models = {name: folder / name / "openvino_model.xml" for name in COMPONENTS}
        prefix = folder / "text_encoder" / "prefix.safetensors"
        self._text_model = Component(core, models["text_encoder"], device)
        self._text_encoder = TextEncoder(
            self._text_model,
            named_class(folder, "tokenizer").from_pretrained(folder / "tokenizer"),
            Prefix.load(prefix) if prefix.exists() else None,  # optimum-intel's exports have none
            manifest.complex_human_instruction,
            manifest.max_sequence_length,
        )
        self._scheduler_class = named_class(folder, "scheduler")
        scheduler_config = read_json(folder / "scheduler" / "scheduler_config.json")
        self._transformer = Component(core, models["transformer"], device)
        self._transformer_config = read_json(folder / "transformer" / "config.json")
        self._denoiser = Denoiser(
            self._transformer,
            self._transformer_config,
            manifest.family,
            lambda: self._scheduler_class.from_config(scheduler_config),
        )
        vae_config = read_json(folder / "vae_decoder" / "config.json")
        self._vae_decoder = VaeDecoder(core, models["vae_decoder"], device, vae_config["scaling_factor"])

    @classmethod
    def from_pretrained(cls, name: str | Path, device: str = "CPU") -> "SanaPipeline":
        """Loads, verifies and compiles an IR folder that precompile.py wrote; or, unverified, one of optimum-intel.

        Raises:
            SanaError: no such folder, no IR folder, a damaged file, an unknown device.
        """
        folder = resolve(name)
        check_device(ov.Core(), device)  # before the files are read
        if is_exported_by_optimum(folder):
            return cls(folder, describe_optimum(folder), device)
        manifest = read_manifest(folder)
        verify(folder)
        return cls(folder, manifest, device)

    @property
    def family(self) -> str:
        """ "flow", or "sprint", whose models have no negative prompt."""
        return self.manifest.family

    @property
    def defaults(self) -> Defaults:
        """What this model does when nothing else is asked for, and the sizes it can make."""
        return self.manifest.defaults

    @property
    def sample_size(self) -> int:
        """The native side in latent positions of 32 x 32 pixels: it decides which sizes the model was trained at."""
        return self._transformer_config.get("sample_size", 32)

    def settings(
        self,
        prompt: str,
        negative_prompt: str = "",
        width: int | None = None,
        height: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        num_images_per_prompt: int = 1,
        use_resolution_binning: bool = True,
    ) -> GenerationSettings:
        """Settings with this model's own default in place of each None; raises SettingsError."""
        defaults = self.defaults
        settings = GenerationSettings(
            prompt=prompt,
            negative_prompt=negative_prompt,
            width=defaults.width if width is None else width,
            height=defaults.height if height is None else height,
            num_inference_steps=defaults.num_inference_steps if num_inference_steps is None else num_inference_steps,
            guidance_scale=defaults.guidance_scale if guidance_scale is None else guidance_scale,
            seed=seed,
            num_images_per_prompt=num_images_per_prompt,
            use_resolution_binning=use_resolution_binning,
        )
        self._check(settings)
        return settings

    def __call__(
        self,
        prompt: str,
        negative_prompt: str = "",
        width: int | None = None,
        height: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        num_images_per_prompt: int = 1,
        use_resolution_binning: bool = True,
        output_type: OutputType = "pil",
    ) -> Result:
        """Generates and waits for the result; None stands for the model's own default. Raises SettingsError."""
        settings = self.settings(
            prompt,
            negative_prompt,
            width,
            height,
            num_inference_steps,
            guidance_scale,
            seed,
            num_images_per_prompt,
            use_resolution_binning,
        )
        *_, result = self.generate(settings, output_type)
        assert isinstance(result, Result)
        return result

    def generate(self, settings: GenerationSettings, output_type: OutputType = "pil") -> Generator[Update, None, None]:
        """Updates of one generation, ending with its Result; closing the generator stops the work within a step.

        A generation that this process started earlier is waited for: close a generator that is not exhausted, or
        the next one waits for ever.
        """
        if output_type not in ("pil", "np"):
            raise SettingsError(f'The output type must be "pil" or "np", not {output_type!r}.')
        self._check(settings)
        return self._generate(settings, output_type)

    def _generate(self, settings: GenerationSettings, output_type: OutputType) -> Generator[Update, None, None]:
        with _GENERATION:
            before = self._seconds()
            latents = yield from self._denoise(settings)
            pixels = yield from self._decode(latents, settings)
            times = {name: seconds - before[name] for name, seconds in self._seconds().items()}
            yield Result(self._output(pixels, settings, output_type), settings, times)

    def _seconds(self) -> dict[str, float]:
        spent = (self._text_model.seconds, self._transformer.seconds, self._vae_decoder.seconds)
        return dict(zip(COMPONENTS, spent, strict=True))

    def _denoise(self, settings: GenerationSettings) -> Generator[Update, None, torch.Tensor]:
        """Yields a StepUpdate per step; returns latents f32 [N, C, h, w]."""
        start = time.perf_counter()
        width, height = settings.width, settings.height
        if settings.use_resolution_binning:
            width, height = generation_size(width, height, self.sample_size)
        latents = torch.empty(0)
        for step in self._denoiser.steps(self._text_encoder, settings, width, height):
            latents = step.latents
            preview = None
            if self.manifest.preview:  # optimum-intel's folders have none
                preview = to_preview(step.clean.numpy(), self.manifest.preview, settings.width, settings.height)
            yield StepUpdate(step.step, step.steps, preview, time.perf_counter() - start)
        return latents

    def _decode(self, latents: torch.Tensor, settings: GenerationSettings) -> Generator[Update, None, list[np.ndarray]]:
        """Yields a DecodeUpdate per band; returns pixels f32 [H, W, 3] of each picture."""
        pictures = []
        for image, latent in enumerate(latents, 1):  # one at a time: the decoder needs the most memory
            sample = torch.empty(3, *(SIZE_MULTIPLE * side for side in latent.shape[1:]))
            for index, (band, bands) in enumerate(self._vae_decoder.bands(latent), 1):
                sample[:, band.top : band.top + band.pixels.shape[1]] = torch.from_numpy(band.pixels)
                yield DecodeUpdate(image, len(latents), index, bands)
            pictures.append(to_picture(sample, settings.width, settings.height))
        return pictures

    def _output(self, pixels: list[np.ndarray], settings: GenerationSettings, output_type: OutputType) -> Any:
        if output_type == "np":
            return np.stack(pixels)
        sampler = self._scheduler_class.__name__
        return [
            to_image(picture, describe(settings, self.manifest, sampler, self.device, index))
            for index, picture in enumerate(pixels)
        ]

    def _check(self, settings: GenerationSettings) -> None:
        """What this model takes, which may be less than `GenerationSettings` allow; raises SettingsError."""
        check_negative_prompt(settings.negative_prompt, self.manifest.family)
        for name in ("width", "height"):
            check_size(name, getattr(settings, name), self.defaults.min_size, self.defaults.max_size)
