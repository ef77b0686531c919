"""What Generate and the `/generate` endpoint do: check the values, run the pipeline, hand over PNG files."""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ..errors import SanaError, SettingsError
from ..image import write_png
from ..settings import MAX_SEED, GenerationSettings, check_negative_prompt, check_size
from ..updates import DecodeUpdate, Result, StepUpdate
from .preparation import Pipeline, PreparationUpdate
from .styles import apply_style

# The pictures (while it runs: a preview), the seed, and a line on how far it is or how long it took.
Output = tuple[list[Path] | list[Image.Image], int, str]


class Generation:
    """The handlers of one pipeline. Their parameters are the endpoint's, in the order of the page's inputs."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def generate(
        self,
        prompt: str,
        negative_prompt: str,
        style: str,
        width: int,
        height: int,
        num_inference_steps: int,
        guidance_scale: float,
        seed: int,
        randomize_seed: bool,
        num_images: int,
    ) -> Iterator[Output]:
        """Draws pictures of a prompt; returns them as PNG files that hold their settings, the seed used, and times."""
        start = time.perf_counter()
        if randomize_seed:
            seed = random.randint(0, MAX_SEED)
        yield [], seed, "Reading the prompt"
        try:
            settings = self._settings(
                prompt=apply_style(style, prompt),
                negative_prompt=negative_prompt,
                width=width,
                height=height,
                num_inference_steps=num_inference_steps,
                guidance_scale=guidance_scale,
                seed=seed,
                num_images_per_prompt=num_images,
            )
            # Closed when Gradio closes this generator (Stop, a closed tab, a cancelled client): that ends the work.
            with closing(self._pipeline.generate(settings)) as updates:
                for update in updates:
                    match update:
                        case PreparationUpdate(line=line):
                            yield [], seed, line
                        case StepUpdate(step=step, steps=steps, preview=preview, seconds=seconds):
                            last = ", decoding" if step == steps else ""
                            previews = [preview] if preview else []
                            yield previews, seed, f"Step {step} of {steps}, {seconds:.1f} s{last}"
                        case DecodeUpdate(image=image, images=images, band=band, bands=bands):
                            part = f"band {band} of {bands}" if bands > 1 else "whole"
                            yield previews, seed, f"Picture {image} of {images} decoded: {part}"
                        case Result():
                            with tempfile.TemporaryDirectory(prefix="sana-") as folder:
                                # Gradio copies the files into its cache, byte by byte, while this waits at the yield.
                                files = _write(update, Path(folder))
                                yield files, seed, _report(update, time.perf_counter() - start)
        except SanaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def validate(
        self,
        prompt: Any,
        negative_prompt: Any,
        style: Any,
        width: Any,
        height: Any,
        num_inference_steps: Any,
        guidance_scale: Any,
        seed: Any,
        randomize_seed: Any,
        num_images: Any,
    ) -> list[dict[str, Any]]:
        """One verdict per parameter, asked before a request queues; the sentences are those of SettingsError."""
        return [
            _verdict(lambda: self._settings(prompt=prompt)),
            _verdict(lambda: self._settings(negative_prompt=negative_prompt)),
            _verdict(lambda: apply_style(style, "")),
            _verdict(lambda: self._settings(width=width)),
            _verdict(lambda: self._settings(height=height)),
            _verdict(lambda: self._settings(num_inference_steps=num_inference_steps)),
            _verdict(lambda: self._settings(guidance_scale=guidance_scale)),
            _verdict(lambda: None if randomize_seed is True else self._settings(seed=seed)),
            _verdict(lambda: _check_switch(randomize_seed)),
            _verdict(lambda: self._settings(num_images_per_prompt=num_images)),
        ]

    def _settings(self, **values: Any) -> GenerationSettings:
        """Settings of some values, with valid ones in place of the rest; raises SettingsError."""
        defaults = self._pipeline.defaults
        values = {"prompt": "a picture", "width": defaults.width, "height": defaults.height, **values}
        for name in ("width", "height"):  # the model's own limits, narrower than those of GenerationSettings
            check_size(name, values[name], defaults.min_size, defaults.max_size)
        settings = GenerationSettings(**values)
        check_negative_prompt(settings.negative_prompt, self._pipeline.family)
        return settings


def _verdict(check: Callable[[], object]) -> dict[str, Any]:
    try:
        check()
    except SettingsError as error:
        return gr.validate(False, str(error))
    return gr.validate(True, "")


def _check_switch(value: object) -> None:
    if not isinstance(value, bool):
        raise SettingsError("randomize_seed must be true or false.")


def _write(result: Result, folder: Path) -> list[Path]:
    files = []
    for index, image in enumerate(result.images):
        number = f"-{index + 1}" if len(result.images) > 1 else ""
        files.append(folder / f"sana-{result.settings.seed}{number}.png")
        write_png(image, files[-1])
    return files


def _report(result: Result, seconds: float) -> str:
    parts = ", ".join(f"{name.replace('_', ' ')} {spent:.1f} s" for name, spent in result.times.items())
    return f"Done in {seconds:.1f} s: {parts}"
