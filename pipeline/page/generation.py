"""What Generate and the `/generate` endpoint do: check the values, run the model, hand over PNG files."""

import html
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import SanaError, SettingsError
from ..image import write_png
from ..settings import MAX_SEED, GenerationSettings, check_draft, check_negative_prompt, check_size, check_switch
from ..updates import DecodeUpdate, Result, StepUpdate
from .models import Models, PreparationUpdate
from .progress import Progress
from .styles import NO_STYLE, apply_style, check_style_fits, find_style
from .timings import Timings

# The pictures (while it runs: a preview), the seed, and a line on how far it is or how long it took.
Output = tuple[list[Path], int, str]

PARAMETERS = (
    "prompt",
    "negative_prompt",
    "style",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "seed",
    "randomize_seed",
    "num_images",
    "model",  # from here on: of the page; the endpoint has it where there is a menu
    "use_resolution_binning",
    "draft_decode",
)
DESCRIPTION = """Draws pictures of a prompt. Returns them as PNG files that hold the settings they were made with,
the seed that was used, and a line of times. While it runs, each step yields a preview and how far it is."""


class Generation:
    """The handlers of a menu of models. Their parameters are the endpoint's, in the order of the page's inputs."""

    def __init__(self, models: Models, timings: Timings) -> None:
        self._models = models
        self._timings = timings

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
        model: str = "",
        use_resolution_binning: bool = True,
        draft_decode: bool = False,
    ) -> Iterator[Output]:
        """Draws pictures of a prompt.

        Args:
            prompt: What to draw, in up to 10,000 characters; the model reads about the first 300 tokens.
            negative_prompt: What to avoid. Sprint models have none and refuse one.
            style: "none", or one of the styles that the page offers, for example "cinematic".
            width: In pixels, a multiple of 32 within the model's limits.
            height: In pixels, a multiple of 32 within the model's limits.
            num_inference_steps: Denoising steps, 1 to 100.
            guidance_scale: How closely to follow the prompt, 0 to 20; 1 or less means no guidance.
            seed: 0 to 4294967295; the same seed and settings give the same picture, byte for byte.
            randomize_seed: Take another seed each time, and return it.
            num_images: Pictures to draw at once, 1 to 8.
            model: A model of the page's menu; empty stands for the first.
            use_resolution_binning: Draw at the trained size of the nearest aspect ratio, then scale and crop.
            draft_decode: Use the model's draft decoder, where it has one.

        Returns:
            The pictures as PNG files with metadata, the seed used, and a line of times.
        """
        if randomize_seed:
            seed = random.randint(0, MAX_SEED)
        try:
            name = self._models.check(model)
            settings = self.settings(
                name,
                style,
                prompt=prompt,
                negative_prompt=negative_prompt,
                width=width,
                height=height,
                num_inference_steps=num_inference_steps,
                guidance_scale=guidance_scale,
                seed=seed,
                num_images=num_images,
                use_resolution_binning=use_resolution_binning,
                draft_decode=draft_decode,
            )
            progress = Progress(name, settings, self._timings)
            yield [], seed, progress.first()
            # Closed when Gradio closes this generator (Stop, a closed tab, a cancelled client): that ends the work.
            # The files are copied into Gradio's cache while this waits at a yield, whole or not at all; images it would
            # write again for each update, while a browser may be reading them.
            with (
                tempfile.TemporaryDirectory(prefix="sana-") as folder,
                closing(self._models.generate(name, settings)) as updates,
            ):
                for update in updates:
                    match update:
                        case PreparationUpdate(line=line):
                            yield [], seed, line
                            progress = Progress(name, settings, self._timings)  # the wait for the model is no work
                        case StepUpdate():
                            previews = _write_preview(update, Path(folder))
                            yield previews, seed, progress.step(update)
                        case DecodeUpdate():
                            yield previews, seed, progress.decode(update)
                        case Result():
                            self._timings.learn(name, settings, update.times)
                            yield _write(update, Path(folder)), seed, progress.done(update)
        except SanaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def show(self, *values: Any) -> Iterator[tuple[Any, ...]]:
        """`generate` for the page, which keeps the last picture in view until there is a preview, and says what went
        wrong beside the button."""
        try:
            for pictures, seed, line in self.generate(*values):
                yield pictures or gr.skip(), seed, line, gr.skip()
        except gr.Error as error:
            yield gr.skip(), gr.skip(), "", alert(error.message)
            raise gr.Error(error.message, visible=False, print_exception=False) from error

    def explain(self, *values: Any) -> str:
        """What is wrong with these values, beside the button."""
        return alert(" ".join(self.problems(*values)))

    def validate(self, *values: Any) -> list[dict[str, Any]]:
        """One verdict per parameter, asked before a request queues; the sentences are those of SettingsError."""
        given = dict(zip(PARAMETERS, values, strict=False))
        # each parameter gets its own verdict only
        model = self._models.names[0]
        if _is_fine(lambda: self._models.check(given.get("model"))):
            model = self._models.check(given.get("model"))
        style = given["style"] if _is_fine(lambda: find_style(given["style"])) else NO_STYLE
        return [_verdict(partial(self._check, name, given, model, style)) for name in given]

    def problems(self, *values: Any) -> list[str]:
        """The sentences of those verdicts that refuse."""
        return [verdict["message"] for verdict in self.validate(*values) if not verdict["is_valid"]]

    def _check(self, name: str, given: dict[str, Any], model: str, style: str) -> None:
        """Raises SettingsError for one parameter of those given."""
        match name:
            case "style":
                find_style(given[name])
            case "model":
                self._models.check(given[name])
            case "randomize_seed":
                check_switch(name, given[name])
            case "seed" if given["randomize_seed"] is True:
                pass  # another one is taken
            case "height":
                self.settings(model, style, height=given[name])
                self._check_room(given, model, style)
            case _:
                self.settings(model, style, **{name: given[name]})

    def _check_room(self, given: dict[str, Any], model: str, style: str) -> None:
        """Raises SettingsError where the memory does not suffice; what is refused for itself is not looked at."""
        decisive = ("width", "height", "guidance_scale", "num_images", "use_resolution_binning", "draft_decode")
        values = {name: given[name] for name in decisive if name in given}
        if all(_is_fine(partial(self.settings, model, style, **{name: value})) for name, value in values.items()):
            self._models.check_room(model, self.settings(model, style, **values))

    def settings(self, model: str, style: str, **values: Any) -> GenerationSettings:
        """Settings of some of a request's values, with valid ones in place of the rest; raises SettingsError."""
        description = self._models.describe(model)
        defaults, family = description.defaults, description.family
        values = {"prompt": "a picture", "negative_prompt": "", **values}
        check_draft(values.get("draft_decode", False), description.has_draft)
        GenerationSettings(values["prompt"], values["negative_prompt"])  # as it was typed, before a style adds words
        check_negative_prompt(values["negative_prompt"], family)
        values["prompt"], values["negative_prompt"] = apply_style(
            style, values["prompt"], values["negative_prompt"], family
        )
        check_style_fits(style, values["prompt"])
        if "num_images" in values:
            values["num_images_per_prompt"] = values.pop("num_images")
        values = {"width": defaults.width, "height": defaults.height, **values}
        for name in ("width", "height"):  # the model's own limits, narrower than those of GenerationSettings
            check_size(name, values[name], defaults.min_size, defaults.max_size)
        return GenerationSettings(**values)


def alert(text: str) -> str:
    """Text as HTML that a screen reader says at once."""
    return f'<p role="alert">{html.escape(text)}</p>'


def _verdict(check: Callable[[], object]) -> dict[str, Any]:
    try:
        check()
    except SettingsError as error:
        return gr.validate(False, str(error))
    return gr.validate(True, "")


def _is_fine(check: Callable[[], object]) -> bool:
    return _verdict(check)["is_valid"]


def _write_preview(update: StepUpdate, folder: Path) -> list[Path]:
    if update.preview is None:
        return []
    file = folder / f"preview-{update.step}.webp"  # no PNG, by which finished pictures are known
    update.preview.save(file)
    return [file]


def _write(result: Result, folder: Path) -> list[Path]:
    files = []
    for index, image in enumerate(result.images):
        number = f"-{index + 1}" if len(result.images) > 1 else ""
        files.append(folder / f"sana-{result.settings.seed}{number}.png")
        write_png(image, files[-1])
    return files
