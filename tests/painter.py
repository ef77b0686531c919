"""A pipeline without a model, and its source in the menu: it paints a disc in colours that the seed chooses."""

import time
from collections.abc import Generator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from PIL import Image, ImageDraw

from pipeline.domain.model import ModelDescription
from pipeline.domain.progress import OnProgress
from pipeline.domain.prompt_length import PromptLength
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import PictureUpdate, Result, StepUpdate, Update
from pipeline.generation.metadata import describe
from tests.descriptions import MODEL

RUN = {"sampler": "DPMSolverMultistepScheduler", "device": "CPU", "precision": "f32"}
PAINTED = replace(MODEL, has_vae_encoder=True)


def picture(seed: int = 0, prompt: str = "a house", side: int = 256) -> Image.Image:
    """Return the picture of a seed with its record."""
    image = Image.new("RGB", (side, side), f"hsl({seed * 47 % 360}, 60%, 60%)")
    box = (side * 0.3, side * 0.3, side * 0.7, side * 0.7)
    ImageDraw.Draw(image).ellipse(box, fill=f"hsl({seed * 91 % 360}, 60%, 40%)")
    image.info.update(describe(GenerationSettings(prompt, width=side, height=side, seed=seed), MODEL, RUN, {}))
    return image


class Painter:
    """It paints in two steps, and waits `pause` seconds before each."""

    device, threads, precision = "CPU", 1, "f32"
    pause = 0.0

    def describe(self) -> ModelDescription:
        return PAINTED

    def load(self, on_progress: OnProgress) -> Any:
        return self

    def check(self, settings: object) -> None:
        pass

    @property
    def prompt_tokens(self) -> Any:
        return SimpleNamespace(length=lambda prompt, is_negative=False: PromptLength(len(prompt.split()), 298, ""))

    def generate(self, settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
        painted, count = [], settings.picture_count
        for number in range(1, count + 1):
            own = settings.of_picture(number - 1)
            image = picture(own.seed, own.prompt)
            if own.variation_strength:
                image.info.update(describe(own, MODEL, RUN, {}))
            for step in (1, 2):
                time.sleep(self.pause)
                yield StepUpdate(step, 2, image.resize((64, 64)), 0.1, number, count)
            painted.append(image)
            yield PictureUpdate(number, count, image)
        yield Result(painted, settings, {})
