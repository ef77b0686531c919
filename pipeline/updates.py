"""What a generation reports while it runs, and what it ends with."""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from .settings import GenerationSettings


@dataclass(frozen=True)
class StepUpdate:
    """Denoising step `step` of `steps` is done, `seconds` after the start; `preview` is a rough picture, or
    None where the model has no map for it."""

    step: int
    steps: int
    preview: Image.Image | None
    seconds: float


@dataclass(frozen=True)
class DecodeUpdate:
    """Band `band` of `bands` of picture `image` of `images` is decoded."""

    image: int
    images: int
    band: int
    bands: int


@dataclass(frozen=True)
class Result:
    """The pictures: a list of PIL images with the settings in `.info` (or, for output_type "np", an f32 array
    [N, H, W, 3] in [0, 1]). `times` holds the seconds spent in each compiled model."""

    images: Any
    settings: GenerationSettings
    times: dict[str, float]


Update = StepUpdate | DecodeUpdate | Result
