"""How precisely a component computes on this device: fast where a sample shows that it may, else exactly."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .components import Infer
from .device import EXACT
from .parity import Sample, psnr

SUFFICIENT = 35.0  # dB against torch
LOSS = 3.0  # dB that the fast precision may lose below that, against the same IR in f32

Stage = TypeVar("Stage", bound=Infer)


def fitting(build: Callable[[str], Stage], fast: str, folder: Path, exact_db: float) -> Stage:
    """What `build` makes in the fast precision if that answers the sample in `folder` well enough, else in f32.

    `exact_db` is the parity of the same IR in f32. Folders without samples, as optimum-intel's, get f32.
    """
    sample = Sample.load(folder)
    if fast == EXACT or sample is None:
        return build(EXACT)
    stage = build(fast)
    decibels = psnr(stage(sample.inputs), sample.answer)
    return stage if decibels >= min(SUFFICIENT, exact_db - LOSS) else build(EXACT)
