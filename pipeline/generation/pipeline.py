"""`SanaPipeline`, which owns the compiled models of an IR folder and draws pictures with them, update by update."""

import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from ..domain.errors import SettingsError
from ..domain.problems import Problem, shown
from ..domain.progress import OnProgress, Progress, print_progress
from ..domain.settings import RANDOM_SEED, SEED, SETTINGS, SIZE_MULTIPLE, GenerationSettings, random_seed
from ..domain.updates import DecodeUpdate, PictureUpdate, Result, StepUpdate, Update
from ..hub.resolve import resolve
from ..model_folder.description import describe_folder
from ..model_folder.folder_layout import DRAFT_DECODER, VAE_DECODER
from ..model_folder.integrity import verify
from ..model_folder.manifest import Manifest
from ..model_folder.optimum_intel import is_exported_by_optimum
from ..runtime.compile_cache import CompileCache
from ..runtime.device import Device
from ..runtime.folders import cache_folder
from ..runtime.malloc import retain_freed_memory
from .exclusive import exclusively
from .memory_check import check_free_memory, check_total_memory
from .metadata import describe, to_image
from .resolution_binning import generation_size
from .stages import Stages
from .vae_decoder import to_picture

OutputType = Literal["pil", "np"]


class SanaPipeline:
    """Text to image with Sana on OpenVINO.

    Load one with `from_pretrained`. Call it for a result, or iterate over `generate` for updates. `model` describes the
    model, `device` is OpenVINO's name of the device, and `threads` the number of CPU threads (None on other devices).
    """

    def __init__(self, folder: Path, manifest: Manifest, device: Device, low_memory: bool = False) -> None:
        """Compile the models in `folder`, without verifying its files; raise SanaError if that fails."""
        self.model = manifest.model
        self.device = device.name
        self.threads = device.threads
        self._tools = manifest.tools
        self._stages = Stages(folder, manifest, device, low_memory)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        device: str = "CPU",
        low_memory: bool = False,
        on_progress: OnProgress = print_progress,
        cache_dir: str | Path | None = None,
    ) -> "SanaPipeline":
        """Load, verify and compile an IR folder written by precompile.py. One of optimum-intel is loaded unverified.

        Args:
            name: a local folder, or OWNER/NAME[@REVISION] on the Hub. Files that are not in the Hub's cache are
                fetched. Without a revision, the newest tag is taken, or `main` if there are no tags.
            device: OpenVINO's name of a device, such as "CPU", "GPU" or "AUTO".
            low_memory: keep only one model in memory at a time, and compile each again when its turn comes.
            on_progress: called with the progress of fetching and loading.
            cache_dir: where compiled models are kept until the IR, the device or OpenVINO changes; by default a folder
                in the user's cache.

        Raises:
            SanaError: there is no such folder, it is no IR folder, a file is damaged, the device is unknown, or the
                repo cannot be fetched.
        """
        cache = Path(cache_dir) if cache_dir else cache_folder() / "compiled"
        known = Device(device, CompileCache(cache))  # first: an unknown device is refused before anything is fetched
        folder = resolve(name, on_progress)
        if is_exported_by_optimum(folder):
            text = f"{name} comes from optimum-intel and has no manifest: it is loaded unverified."
            on_progress(Progress("load", text))
        manifest = describe_folder(folder)
        verify(folder, manifest)
        return cls(folder, manifest, known, low_memory)

    @property
    def precision(self) -> str:
        """Return the precision of all models, "f32" or "bf16", or a list of the models' own if they differ."""
        precisions = self._stages.precisions
        if len(set(precisions.values())) == 1:
            return next(iter(precisions.values()))
        return ", ".join(f"{precision} ({name.replace('_', ' ')})" for name, precision in precisions.items())

    def settings(self, prompt: str, negative_prompt: str = "", **values: Any) -> GenerationSettings:
        """Return settings that this model and this machine can draw.

        `values` are fields of GenerationSettings. A field that is missing or None gets the model's default. A seed of
        -1 is replaced by a random one.

        Raises:
            SettingsError: as `check`.
        """
        given = {name: value for name, value in values.items() if value is not None}
        if SEED.normalize(given.get(SEED.name)) == RANDOM_SEED:
            given[SEED.name] = random_seed()
        defaults = {str(each.setting): self.model.default(each) for each in SETTINGS}
        settings = GenerationSettings(**{**defaults, **given, "prompt": prompt, "negative_prompt": negative_prompt})
        self.check(settings)
        return settings

    def __call__(
        self, prompt: str, negative_prompt: str = "", *, output_type: OutputType = "pil", **values: Any
    ) -> Result:
        """Generate, and return the result.

        `values` are fields of GenerationSettings: width, height, num_inference_steps, guidance_scale, seed,
        num_images_per_prompt, use_resolution_binning, draft_decode. None stands for the model's default. With
        `output_type` "pil", the result's images are PIL images; with "np", an array f32 [N, H, W, 3] in [0, 1].

        Raises:
            SettingsError: a setting is not possible with this model, or with this machine's memory.
            BusyError: this thread has begun another generation and not finished it.
        """
        *_, result = self.generate(self.settings(prompt, negative_prompt, **values), output_type)
        assert isinstance(result, Result)
        return result

    def check(self, settings: GenerationSettings) -> None:
        """Raise SettingsError if the model does not take the settings, or this machine's memory can never hold them."""
        self.model.check(settings)
        check_total_memory(self._memory(settings, self._stages.weights()), settings.width, settings.height)

    def generate(self, settings: GenerationSettings, output_type: OutputType = "pil") -> Generator[Update, None, None]:
        """Return a generator of the updates of one generation, the last of which is its Result.

        Closing the generator stops the work. The first update waits for a generation in another thread to end. Only
        then the free memory is known.

        Raises:
            SettingsError: as `check`, at once; or in the first update, if too little memory is free.
            BusyError: in the first update, if this thread has begun another generation and not finished it.
        """
        if output_type not in ("pil", "np"):
            raise SettingsError(Problem("output type", {"value": shown(output_type)}))
        self.check(settings)
        return exclusively(self._generate(settings, output_type))

    def _generate(self, settings: GenerationSettings, output_type: OutputType) -> Generator[Update, None, None]:
        unread = self._stages.weights(unread=True)
        check_free_memory(self._memory(settings, unread), settings.width, settings.height)
        before = self._stages.seconds()
        pictures: list[Any] = []
        count = settings.picture_count
        for index in range(count):
            own = settings.of_picture(index)
            pixels = yield from self._draw(own, index + 1, count)
            pictures.append(self._output(pixels, own, output_type))
            yield PictureUpdate(index + 1, count, pictures[-1])
        unused = VAE_DECODER if settings.draft_decode else DRAFT_DECODER
        spent = self._stages.seconds().items()
        times = {name: seconds - before[name] for name, seconds in spent if name != unused}
        yield Result(np.stack(pictures) if output_type == "np" else pictures, settings, times)

    def _draw(self, settings: GenerationSettings, image: int, images: int) -> Generator[Update, None, np.ndarray]:
        """Yield the updates of one picture; return its pixels f32 [H, W, 3] in [0, 1]."""
        latent = yield from self._denoise(settings, image, images)
        # For large pictures, the transformer's activations take as much memory as the decoder's. Do not hold both.
        self._stages.release_activations()
        with retain_freed_memory():
            decoded = None
            for decoded in self._stages.decoder(settings).decode(latent):
                yield DecodeUpdate(image, images, decoded.band, decoded.bands)
            assert decoded is not None
            assert decoded.features is not None
            return to_picture(decoded.features, settings.width, settings.height)

    def _denoise(self, settings: GenerationSettings, image: int, images: int) -> Generator[Update, None, torch.Tensor]:
        """Yield a StepUpdate per step; return the latent f32 [C, h, w]."""
        start = time.perf_counter()
        place = settings.batch_index or 0
        width, height = self._generation_size(settings.width, settings.height, settings)
        latent = torch.empty(0)
        for step in self._stages.denoiser.steps(self._stages.text_encoder, settings, width, height):
            latent = step.latents[place]
            show = self._stages.preview
            rough = step.predicted_original[place].numpy()
            preview = show(rough, settings.width, settings.height) if show else None
            yield StepUpdate(step.step, step.steps, preview, time.perf_counter() - start, image, images)
        return latent

    def _output(self, pixels: np.ndarray, settings: GenerationSettings, output_type: OutputType) -> Any:
        if output_type == "np":
            return pixels
        run: Mapping[str, str] = {
            "sampler": self._stages.sampler,
            "device": self.device,
            "precision": self.precision,
        }
        return to_image(pixels, describe(settings, self.model, run, self._tools))

    def _memory(self, settings: GenerationSettings, weights: int) -> Callable[[int, int], float]:
        """Return a function from width and height in pixels to the bytes that a generation takes.

        `weights` are the bytes of weights to count.
        """

        def memory(width: int, height: int) -> float:
            width, height = self._generation_size(width, height, settings)
            return weights + self._stages.memory(settings, height // SIZE_MULTIPLE, width // SIZE_MULTIPLE)

        return memory

    def _generation_size(self, width: int, height: int, settings: GenerationSettings) -> tuple[int, int]:
        if settings.use_resolution_binning:
            return generation_size(width, height, self.model.native_size)
        return width, height
