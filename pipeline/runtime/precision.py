"""The choice of a model's precision on this device: the fast one if a sample shows that it suffices, else f32."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..model_folder.parity import Sample, psnr
from .compiled_model import Infer
from .device import EXACT

# The fast precision is taken if its PSNR against torch reaches SUFFICIENT dB, or is at most MAX_LOSS dB below that of
# the same IR in f32. Chosen: 3 dB are twice the squared error; no measurement stands behind either number.
SUFFICIENT = 35.0
MAX_LOSS = 3.0

Model = TypeVar("Model", bound=Infer)


def choose_precision(build: Callable[[str], Model], fast: str, folder: Path, exact_db: float) -> Model:
    """Return `build(fast)` if its answer to the sample in `folder` is close enough to torch's, else `build(EXACT)`.

    `exact_db` is the parity of the same IR in f32. A folder without a sample, such as optimum-intel's, gets EXACT.
    """
    sample = Sample.load(folder)
    if fast == EXACT or sample is None:
        return build(EXACT)
    model = build(fast)
    decibels = psnr(model(sample.inputs), sample.answer)
    return model if decibels >= min(SUFFICIENT, exact_db - MAX_LOSS) else build(EXACT)
