"""How precisely a model computes on this device: fast where a sample shows that it may, else exactly."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..model_folder.parity import Sample, psnr
from .compiled_model import Infer
from .device import EXACT

# Both are choices; no measurement tells one dB from the next.
SUFFICIENT = 35.0  # dB against torch
MAX_LOSS = 3.0  # dB that the fast precision may lose below that, against the same IR in f32

Model = TypeVar("Model", bound=Infer)


def choose_precision(build: Callable[[str], Model], fast: str, folder: Path, exact_db: float) -> Model:
    """Return `build(fast)` if that answers the sample in `folder` well enough, else `build(EXACT)`.

    `exact_db` is the parity of the same IR in f32. A folder without a sample, as optimum-intel's, gets f32.
    """
    sample = Sample.load(folder)
    if fast == EXACT or sample is None:
        return build(EXACT)
    model = build(fast)
    decibels = psnr(model(sample.inputs), sample.answer)
    return model if decibels >= min(SUFFICIENT, exact_db - MAX_LOSS) else build(EXACT)
