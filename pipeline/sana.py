"""SanaPipeline: owns the compiled models of an IR folder, and turns settings into pictures, update by update."""

import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from . import heap
from .artifacts import DRAFT_DECODER, VAE_DECODER, Manifest, is_exported_by_optimum, read_manifest, resolve, verify
from .bins import generation_size
from .compiled import CompileCache
from .device import Device
from .errors import SettingsError
from .image import describe, to_image
from .machine import cache_folder
from .optimum import describe as describe_optimum
from .room import check_room
from .settings import SIZE_MULTIPLE, GenerationSettings, check_draft, check_negative_prompt, check_size
from .stages import Stages
from .updates import DecodeUpdate, Result, StepUpdate, Update
from .vae_decoder import to_picture
from .variants import Defaults

OutputType = Literal["pil", "np"]

# One generation at a time per process, whatever the number of pipelines: two would only share the same cores.
_GENERATION = threading.Lock()


class SanaPipeline:
    """Text to image with Sana on OpenVINO. Make one with `from_pretrained`, call it, or iterate over `generate`."""

    def __init__(self, folder: Path, manifest: Manifest, device: Device, low_memory: bool = False) -> None:
        """Compiles the models in `folder`, which is not verified here. Raises SanaError."""
        self.manifest = manifest
        self.device = device.name
        self.threads = device.threads  # of a CPU
        self._stages = Stages(folder, manifest, device, low_memory)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        device: str = "CPU",
        low_memory: bool = False,
        tell: Callable[[str], object] = print,
        cache_dir: str | Path | None = None,
    ) -> "SanaPipeline":
        """Loads, verifies and compiles an IR folder that precompile.py wrote; or, unverified, one of optimum-intel.

        `name` is a local folder, or OWNER/NAME[@REVISION] on the Hub: what the cache lacks of that is fetched, and
        `tell` gets a line on how far that is. Without a revision: the newest tag, or else `main`.
        With `low_memory` one model at a time is in memory, and compiled again whenever its turn comes. Compiled models
        are kept in `cache_dir`, by default in the user's cache folder, until the IR, the device or OpenVINO changes.

        Raises:
            SanaError: no such folder, no IR folder, a damaged file, an unknown device, a repo that cannot be fetched.
        """
        cache = Path(cache_dir) if cache_dir else cache_folder() / "compiled"
        known = Device(device, CompileCache(cache))  # refused before anything is fetched or read
        folder = resolve(name, tell)
        if is_exported_by_optimum(folder):
            tell(f"{name} comes from optimum-intel and has no manifest: it is loaded unverified.")
            return cls(folder, describe_optimum(folder), known, low_memory)
        manifest = read_manifest(folder)
        verify(folder)
        return cls(folder, manifest, known, low_memory)

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
        return self._stages.denoiser.config.get("sample_size", 32)

    @property
    def precision(self) -> str:
        """What the models compute in: "f32", "bf16", or each of them where they differ."""
        precisions = self._stages.precisions
        if len(set(precisions.values())) == 1:
            return next(iter(precisions.values()))
        return ", ".join(f"{precision} ({name.replace('_', ' ')})" for name, precision in precisions.items())

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
        draft_decode: bool = False,
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
            draft_decode=draft_decode,
        )
        self.check(settings)
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
        draft_decode: bool = False,
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
            draft_decode,
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
        self.check(settings)
        return self._generate(settings, output_type)

    def _generate(self, settings: GenerationSettings, output_type: OutputType) -> Generator[Update, None, None]:
        with _GENERATION:
            before = self._stages.seconds()
            latents = yield from self._denoise(settings)
            self._stages.rest()  # of large pictures, the transformer's activations take as much as the decoder's
            with heap.kept():
                pixels = yield from self._decode(latents, settings)
            unused = VAE_DECODER if settings.draft_decode else DRAFT_DECODER
            spent = self._stages.seconds().items()
            times = {name: seconds - before[name] for name, seconds in spent if name != unused}
            yield Result(self._output(pixels, settings, output_type), settings, times)

    def _denoise(self, settings: GenerationSettings) -> Generator[Update, None, torch.Tensor]:
        """Yields a StepUpdate per step; returns latents f32 [N, C, h, w]."""
        start = time.perf_counter()
        width, height = self._generation_size(settings.width, settings.height, settings.use_resolution_binning)
        latents = torch.empty(0)
        for step in self._stages.denoiser.steps(self._stages.text_encoder, settings, width, height):
            latents = step.latents
            show = self._stages.preview
            preview = show(step.clean.numpy(), settings.width, settings.height) if show else None
            yield StepUpdate(step.step, step.steps, preview, time.perf_counter() - start)
        return latents

    def _decode(self, latents: torch.Tensor, settings: GenerationSettings) -> Generator[Update, None, list[np.ndarray]]:
        """Yields a DecodeUpdate per band; returns pixels f32 [H, W, 3] of each picture."""
        pictures = []
        decoder = self._stages.decoder(settings)
        for image, latent in enumerate(latents, 1):  # one at a time: the decoder needs the most memory
            for decoded in decoder.decode(latent):
                yield DecodeUpdate(image, len(latents), decoded.band, decoded.bands)
            assert decoded.pixels is not None
            pictures.append(to_picture(decoded.pixels, settings.width, settings.height))
        return pictures

    def _output(self, pixels: list[np.ndarray], settings: GenerationSettings, output_type: OutputType) -> Any:
        if output_type == "np":
            return np.stack(pixels)
        run = {"sampler": self._stages.sampler, "device": self.device, "precision": self.precision}
        return [
            to_image(picture, describe(settings, self.manifest, run, index)) for index, picture in enumerate(pixels)
        ]

    def check(self, settings: GenerationSettings) -> None:
        """What this model takes on this machine, less than `GenerationSettings` allow; raises SettingsError."""
        check_negative_prompt(settings.negative_prompt, self.manifest.family)
        for name in ("width", "height"):
            check_size(name, getattr(settings, name), self.defaults.min_size, self.defaults.max_size)
        check_draft(settings.draft_decode, DRAFT_DECODER in self.manifest.components)

        def memory(width: int, height: int) -> float:
            width, height = self._generation_size(width, height, settings.use_resolution_binning)
            return self._stages.memory(settings, height // SIZE_MULTIPLE, width // SIZE_MULTIPLE)

        check_room(memory, settings.width, settings.height)

    def _generation_size(self, width: int, height: int, use_resolution_binning: bool) -> tuple[int, int]:
        if use_resolution_binning:
            return generation_size(width, height, self.sample_size)
        return width, height
