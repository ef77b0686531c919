"""`SanaPipeline`, which owns the compiled models of an IR folder and draws pictures with them, update by update."""

from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from ..domain.errors import SettingsError
from ..domain.picture_parameters import ENLARGE
from ..domain.presets import PRESET, checked_preset, preset_values
from ..domain.problems import Problem, shown
from ..domain.progress import OnProgress, Progress, print_progress
from ..domain.resolutions import drawn_size, generation_size
from ..domain.settings import RANDOM_SEED, SEED, SETTINGS, GenerationSettings, random_seed
from ..domain.size_parameters import SIZE_MULTIPLE
from ..domain.updates import PictureUpdate, Result, Update
from ..hub.resolve import resolve
from ..model_folder.description import describe_folder
from ..model_folder.integrity import verify
from ..model_folder.manifest import Manifest
from ..model_folder.optimum_intel import is_exported_by_optimum
from ..model_folder.remembered import remembered_sha256
from ..runtime.compile_cache import CompileCache
from ..runtime.device import Device
from ..runtime.folders import cache_folder, facts
from ..runtime.processor import instruction_set
from .drawing import draw
from .enlarging import keep_given
from .exclusive import exclusively
from .given_picture import GivenPicture, check_given
from .inpainting import put_back
from .memory_check import check_free_memory, check_total_memory
from .metadata import describe, to_image
from .prompt_tokens import PromptTokens
from .stages import Stages

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
        max_threads: int | None = None,
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
            max_threads: on how many CPU threads to compute at most, by default on one for each core.

        Raises:
            SanaError: there is no such folder, it is no IR folder, a file is damaged, the device is unknown, or the
                repo cannot be fetched.
        """
        cache = Path(cache_dir) if cache_dir else cache_folder() / "compiled"
        # First: an unknown device is refused before anything is fetched.
        known = Device(device, CompileCache(cache), max_threads)
        folder = resolve(name, on_progress)
        if is_exported_by_optimum(folder):
            text = f"{name} comes from optimum-intel and has no manifest: it is loaded unverified."
            on_progress(Progress("load", text))
        manifest = describe_folder(folder)
        verify(folder, manifest, partial(remembered_sha256, facts=facts()))
        return cls(folder, manifest, known, low_memory)

    @property
    def precision(self) -> str:
        """Return the precision of all models, "f32", "bf16" or "f16", or a list of the models' own if they differ."""
        precisions = self._stages.precisions
        if len(set(precisions.values())) == 1:
            return next(iter(precisions.values()))
        return ", ".join(f"{precision} ({name.replace('_', ' ')})" for name, precision in precisions.items())

    @property
    def prompt_tokens(self) -> PromptTokens:
        """Return what counts the tokens of prompts."""
        return self._stages.text_encoder.tokens

    def settings(
        self, prompt: str, negative_prompt: str = "", given: GivenPicture | None = None, **values: Any
    ) -> GenerationSettings:
        """Return settings that this model and this machine can draw.

        `values` are fields of GenerationSettings, and `preset`. What is missing or None gets the value of the preset,
        else the default for the picture if one is `given`, else the model's. A seed of -1 becomes a random one.

        Raises:
            SettingsError: as `check`.
        """
        own = {name: value for name, value in values.items() if value is not None}
        if SEED.normalize(own.get(SEED.name)) == RANDOM_SEED:
            own[SEED.name] = random_seed()
        preset = checked_preset(own.pop(PRESET.name, PRESET.default))
        defaults = {str(each.setting): self.model.default(each) for each in SETTINGS}
        if given:
            enlarge = bool(own.get(ENLARGE.name))
            size = drawn_size(self.model, *given.size, enlarge)
            defaults |= self.model.picture_defaults(*size, given.mask is not None, enlarge)
            defaults |= {"image_sha256": given.image_sha256, "mask_sha256": given.mask_sha256}
        defaults |= preset_values(preset, self.model)  # the settings that it names are called as their parameters
        settings = GenerationSettings(**{**defaults, **own, "prompt": prompt, "negative_prompt": negative_prompt})
        self.check(settings)
        return settings

    def __call__(
        self,
        prompt: str,
        negative_prompt: str = "",
        *,
        image: Image.Image | None = None,
        mask_image: Image.Image | None = None,
        output_type: OutputType = "pil",
        **values: Any,
    ) -> Result:
        """Generate, and return the result.

        `values` are `preset` ("exact", "balanced", "fastest") and fields of GenerationSettings: width, height,
        num_inference_steps, guidance_scale, seed, num_images_per_prompt, use_resolution_binning, draft_decode, for a
        variation variation_seed and variation_strength, and, for the noise levels of the steps, max_timesteps,
        intermediate_timesteps and timesteps of Sprint, flow_shift of the others. None is as in `settings`. With
        `output_type` "pil", the result's images are PIL images; with "np", an array f32 [N, H, W, 3] in [0, 1].

        With `image`, the pictures start from it. `strength`, 0.01 to 1, is the share of the steps to draw anew. The
        default size is the model's that is nearest to the shape of `image`. With `mask_image`, of the same size, only
        its white area is drawn anew; `mask_grow`, `mask_blur` (in pixels) and `mask_invert` change that area. All other
        pixels are exactly those of `image`, stretched to the picture's size. With `enlarge`, only detail is drawn anew.

        Raises:
            SettingsError: a setting or an image is not possible with this model, or with this machine's memory.
            BusyError: this thread has begun another generation and not finished it.
        """
        if mask_image is not None and image is None:
            raise SettingsError(Problem("mask without picture", {}))
        given = None if image is None else GivenPicture.of(image, mask_image)
        *_, result = self.generate(self.settings(prompt, negative_prompt, given, **values), output_type, given)
        assert isinstance(result, Result)
        return result

    def upscale(self, image: Image.Image, prompt: str = "", **values: Any) -> Result:
        """Draw a picture larger, and return the result: `pipe(prompt, image=image, enlarge=True, ...)`.

        Without `width` and `height`, both sides double, to the nearest multiple of 32 pixels. They may reach 4096
        whatever the model's own sizes are. `values` and errors are as in a call.
        """
        return self(prompt, image=image, enlarge=True, **values)

    def prepare(self) -> None:
        """Begin in another thread what the first picture with default settings would wait for, and return at once."""
        with suppress(SettingsError):  # this machine may have memory for smaller pictures only
            settings = self.settings("any", seed=0)
            self._stages.prepare(settings, self._generation_size(settings.width, settings.height, settings))

    def check(self, settings: GenerationSettings) -> None:
        """Raise SettingsError if the model does not take the settings, or this machine's memory can never hold them."""
        self.model.check(settings)
        check_total_memory(self._memory(settings, self._stages.weights(settings)), settings.width, settings.height)

    def generate(
        self, settings: GenerationSettings, output_type: OutputType = "pil", given: GivenPicture | None = None
    ) -> Generator[Update, None, None]:
        """Return a generator of the updates of one generation, the last of which is its Result.

        `given` must be the picture that the settings name, if they name one. Closing the generator stops the work. The
        first update waits for a generation in another thread to end. Only then the free memory is known.

        Raises:
            SettingsError: as `check`, or `given` is another picture; in the first update, too little memory is free.
            BusyError: in the first update, if this thread has begun another generation and not finished it.
        """
        if output_type not in ("pil", "np"):
            raise SettingsError(Problem("output type", {"value": shown(output_type)}))
        self.check(settings)
        check_given(settings, given)
        return exclusively(self._generate(settings, output_type, given))

    def _generate(
        self, settings: GenerationSettings, output_type: OutputType, given: GivenPicture | None
    ) -> Generator[Update, None, None]:
        unread = self._stages.weights(settings, unread=True)
        check_free_memory(self._memory(settings, unread), settings.width, settings.height)
        before = self._stages.seconds()
        size, start = self._generation_size(settings.width, settings.height, settings), None
        if given:
            start = yield from self._stages.encoders.encode(given, settings, *size)
        pictures: list[Any] = []
        count = settings.picture_count
        for index in range(count):
            own = settings.of_picture(index)
            pixels = yield from draw(self._stages, own, size, start, index + 1, count)
            if given and settings.enlarge:
                pixels = keep_given(pixels, given)
            if given and given.mask is not None:
                pixels = put_back(pixels, given, own)
            pictures.append(self._output(pixels, own, output_type))
            yield PictureUpdate(index + 1, count, pictures[-1])
        spent = {name: seconds - before[name] for name, seconds in self._stages.seconds().items()}
        times = {name: spent[name] for name in self._stages.used(settings)}
        yield Result(np.stack(pictures) if output_type == "np" else pictures, settings, times)

    def _output(self, pixels: np.ndarray, settings: GenerationSettings, output_type: OutputType) -> Any:
        if output_type == "np":
            return pixels
        run = {"sampler": self._stages.sampler, "device": self.device, "precision": self.precision}
        if self.device == "CPU":
            run["instruction_set"] = instruction_set()
        return to_image(pixels, describe(settings, self.model, run, self._tools))

    def _memory(self, settings: GenerationSettings, weights: int) -> Callable[[int, int], float]:
        """Return a function from width and height in pixels to the bytes that a generation takes, with `weights`."""

        def memory(width: int, height: int) -> float:
            width, height = self._generation_size(width, height, settings)
            return weights + self._stages.memory(settings, height // SIZE_MULTIPLE, width // SIZE_MULTIPLE)

        return memory

    def _generation_size(self, width: int, height: int, settings: GenerationSettings) -> tuple[int, int]:
        if settings.use_resolution_binning and not settings.enlarge:
            return generation_size(width, height, self.model.native_size)
        return width, height
