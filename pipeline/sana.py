"""SanaPipeline: owns the compiled models of an IR folder, and turns settings into pictures, update by update."""

import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal

import diffusers
import numpy as np
import openvino as ov
import torch
import transformers

from .artifacts import COMPONENTS, Manifest, read_family, read_json, read_manifest, resolve, verify
from .bins import generation_size
from .components import Component, check_device
from .denoise import denoise, initial_latents
from .errors import ArtifactError, SanaError, SettingsError
from .image import describe, to_image, to_preview
from .settings import SIZE_MULTIPLE, GenerationSettings, check_size
from .text_encoder import Prefix, TextEncoder
from .updates import DecodeUpdate, Result, StepUpdate, Update
from .vae_decoder import decode
from .variants import Defaults

OutputType = Literal["pil", "np"]

# One generation at a time per process, whatever the number of pipelines: two would only share the same cores.
_GENERATION = threading.Lock()


class SanaPipeline:
    """Text to image with Sana on OpenVINO. Make one with `from_pretrained`, call it, or iterate over `generate`."""

    def __init__(self, folder: Path, manifest: Manifest, device: str, components: dict[str, Component]) -> None:
        self.manifest = manifest
        self.device = device
        self._components = components
        self._transformer_config = read_json(folder / "transformer" / "config.json")
        self._vae_config = read_json(folder / "vae_decoder" / "config.json")
        self._scheduler_class = _named_class(folder, "scheduler")
        self._scheduler_config = read_json(folder / "scheduler" / "scheduler_config.json")
        tokenizer = _named_class(folder, "tokenizer").from_pretrained(folder / "tokenizer")
        prefix = Prefix.load(folder / "text_encoder" / "prefix.safetensors")
        self._text_encoder = TextEncoder(components["text_encoder"], tokenizer, prefix, manifest)

    @classmethod
    def from_pretrained(cls, name: str | Path, device: str = "CPU") -> "SanaPipeline":
        """Loads, verifies and compiles an IR folder that precompile.py wrote.

        Raises:
            SanaError: no such folder, no IR folder, a damaged file, an unknown device, an unsupported family.
        """
        folder = resolve(name)
        core = ov.Core()
        check_device(core, device)
        manifest = read_manifest(folder)
        verify(folder)
        family = read_family(folder)
        if family != "flow":
            raise SanaError(f"{folder} holds a model of the {family} family, which is not supported yet.")
        components = {
            component: Component(core, folder / component / "openvino_model.xml", device) for component in COMPONENTS
        }
        return cls(folder, manifest, device, components)

    @property
    def defaults(self) -> Defaults:
        """What this model does when nothing else is asked for, and the sizes it can make."""
        return self.manifest.defaults

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
        self._check_size(settings)
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
        self._check_size(settings)
        return self._generate(settings, output_type)

    def _generate(self, settings: GenerationSettings, output_type: OutputType) -> Generator[Update, None, None]:
        with _GENERATION:
            for component in self._components.values():
                component.seconds = 0.0
            latents = yield from self._denoise(settings)
            pixels = yield from self._decode(latents, settings)
            times = {name: component.seconds for name, component in self._components.items()}
            yield Result(self._output(pixels, settings, output_type), settings, times)

    def _denoise(self, settings: GenerationSettings) -> Generator[Update, None, torch.Tensor]:
        """Yields a StepUpdate per step; returns latents f32 [N, C, h, w]."""
        start = time.perf_counter()
        width, height = settings.width, settings.height
        if settings.use_resolution_binning:
            width, height = generation_size(width, height, self._transformer_config["sample_size"])
        prompt = self._text_encoder.encode(settings.prompt)
        guided = settings.guidance_scale > 1  # as in diffusers; otherwise the negative branch is not computed at all
        negative = self._text_encoder.encode_negative(settings.negative_prompt) if guided else None
        generator = torch.Generator("cpu").manual_seed(settings.seed)
        latents = initial_latents(
            generator,
            settings.num_images_per_prompt,
            self._transformer_config["in_channels"],
            height // SIZE_MULTIPLE,
            width // SIZE_MULTIPLE,
        )
        for step in denoise(
            self._components["transformer"],
            self._scheduler_class.from_config(self._scheduler_config),  # a fresh one: schedulers keep state
            prompt,
            negative,
            latents,
            num_inference_steps=settings.num_inference_steps,
            guidance_scale=settings.guidance_scale,
            timestep_scale=self._transformer_config["timestep_scale"],
            generator=generator,
        ):
            latents = step.latents
            preview = to_preview(step.clean.numpy(), self.manifest.preview, settings.width, settings.height)
            yield StepUpdate(step.step, step.steps, preview, time.perf_counter() - start)
        return latents

    def _decode(self, latents: torch.Tensor, settings: GenerationSettings) -> Generator[Update, None, list[np.ndarray]]:
        """Yields a DecodeUpdate per picture; returns pixels f32 [H, W, 3] of each."""
        pixels = []
        scaling_factor = self._vae_config["scaling_factor"]
        for latent in latents:  # one at a time: the decoder needs the most memory
            decoder = self._components["vae_decoder"]
            pixels.append(decode(decoder, latent, scaling_factor, settings.width, settings.height))
            yield DecodeUpdate(len(pixels), len(latents))
        return pixels

    def _output(self, pixels: list[np.ndarray], settings: GenerationSettings, output_type: OutputType) -> Any:
        if output_type == "np":
            return np.stack(pixels)
        sampler = self._scheduler_class.__name__
        return [
            to_image(picture, describe(settings, self.manifest, sampler, self.device, index))
            for index, picture in enumerate(pixels)
        ]

    def _check_size(self, settings: GenerationSettings) -> None:
        for name in ("width", "height"):
            check_size(name, getattr(settings, name), self.defaults.min_size, self.defaults.max_size)


def _named_class(folder: Path, component: str) -> Any:
    """The class that model_index.json names for a component, as diffusers would load it."""
    library, name = read_json(folder / "model_index.json").get(component, (None, None))
    found = getattr({"diffusers": diffusers, "transformers": transformers}.get(library), str(name), None)
    if found is None:
        raise ArtifactError(f"{folder / 'model_index.json'} names an unknown {component}, {library}.{name}.")
    return found
