"""The reports of a generation as typed records: its progress, its pictures and its end."""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from .progress import Progress
from .settings import GenerationSettings


@dataclass(frozen=True)
class QueueUpdate:
    """The request waits for `ahead` others, including those being drawn.

    It begins in about `seconds`; None if that is unknown.
    """

    ahead: int
    seconds: float | None = None


@dataclass(frozen=True)
class PreparationUpdate:
    """The request waits for its model."""

    progress: Progress


@dataclass(frozen=True)
class RestartUpdate:
    """The machine that drew picture `image` of `images`, counted from 1, was lost: another begins it again.

    The seed stays. `precision` is that of the new machine if it differs from the lost one's, so that the picture may
    differ slightly; else None.
    """

    image: int
    images: int
    precision: str | None = None


@dataclass(frozen=True)
class StillAtWork:
    """Nothing is new. Whoever runs the generation may close it here; followers are not told."""


@dataclass(frozen=True)
class StepUpdate:
    """Denoising step `step` of `steps` is done for picture `image` of `images`, all counted from 1.

    `seconds` is the time since this picture began. `preview` is a rough picture of the latents, or None if the model
    has no map from latents to colours.
    """

    step: int
    steps: int
    preview: Image.Image | None
    seconds: float
    image: int = 1
    images: int = 1


@dataclass(frozen=True)
class EncodeUpdate:
    """Band `band` of `bands` of the given picture is encoded."""

    band: int
    bands: int


@dataclass(frozen=True)
class DecodeUpdate:
    """Band `band` of `bands` of picture `image` of `images` is decoded."""

    image: int
    images: int
    band: int
    bands: int


@dataclass(frozen=True)
class PictureUpdate:
    """Picture `image` of `images`, counted from 1, is finished.

    `picture` is a PIL image whose `.info` holds the settings that draw it alone, or, for output type "np", an array
    f32 [H, W, 3] in [0, 1].
    """

    image: int
    images: int
    picture: Any


@dataclass(frozen=True)
class SheetUpdate:
    """All pictures of a grid are finished: `sheet` shows them, and its `.info` holds the axes."""

    sheet: Image.Image


@dataclass(frozen=True)
class Result:
    """All pictures of a request.

    `images` is a list of PIL images with the settings in `.info`, or, for output type "np", an array
    f32 [N, H, W, 3] in [0, 1]. `times` holds the seconds spent in each compiled model.
    """

    images: Any
    settings: GenerationSettings
    times: dict[str, float]


@dataclass(frozen=True)
class StoppedUpdate:
    """The request was cancelled: the last update of its job.

    `last` is the last denoising step done, if any; `finished` counts the pictures finished before.
    """

    last: StepUpdate | None
    finished: int


Update = EncodeUpdate | StepUpdate | DecodeUpdate | PictureUpdate | Result
"""The updates that a pipeline on this machine yields."""
AnyUpdate = PreparationUpdate | RestartUpdate | StillAtWork | Update
"""The updates that any pipeline yields."""
JobUpdate = QueueUpdate | PreparationUpdate | RestartUpdate | Update | SheetUpdate | StoppedUpdate
"""The updates that followers of a job get."""
