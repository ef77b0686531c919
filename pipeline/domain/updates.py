"""What a generation reports while it runs, and what it ends with: typed records, so that nothing parses a sentence."""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from .progress import Progress
from .settings import GenerationSettings


@dataclass(frozen=True)
class QueueUpdate:
    """The request waits, and `ahead` others come before it, those that are drawn just now included."""

    ahead: int


@dataclass(frozen=True)
class PreparationUpdate:
    """The model is not ready yet."""

    progress: Progress


@dataclass(frozen=True)
class StepUpdate:
    """Denoising step `step` of `steps` is done for picture `image` of `images`, all counted from 1.

    `seconds` have passed since this picture was begun. `preview` is a rough picture of what there is, or None where
    the model has no map for it.
    """

    step: int
    steps: int
    preview: Image.Image | None
    seconds: float
    image: int = 1
    images: int = 1


@dataclass(frozen=True)
class DecodeUpdate:
    """Band `band` of `bands` of picture `image` of `images` is decoded."""

    image: int
    images: int
    band: int
    bands: int


@dataclass(frozen=True)
class PictureUpdate:
    """Picture `image` of `images` is finished: a PIL image with the settings that draw it alone in its `.info`, or,
    for output type "np", f32 [H, W, 3] in [0, 1]."""

    image: int
    images: int
    picture: Any


@dataclass(frozen=True)
class Result:
    """All pictures: a list of PIL images with the settings in `.info` (or, for output type "np", an f32 array
    [N, H, W, 3] in [0, 1]). `times` holds the seconds spent in each compiled model."""

    images: Any
    settings: GenerationSettings
    times: dict[str, float]


@dataclass(frozen=True)
class StoppedUpdate:
    """The request was cancelled, and this is the last that is said of it.

    `last` is the step that was done last, None if there was none. `finished` pictures were finished before.
    """

    last: StepUpdate | None
    finished: int


Update = StepUpdate | DecodeUpdate | PictureUpdate | Result
"""What a pipeline yields."""
JobUpdate = QueueUpdate | PreparationUpdate | Update | StoppedUpdate
"""What those who follow a job get."""
