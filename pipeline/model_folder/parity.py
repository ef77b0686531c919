"""How close two answers are, and samples of what a component should answer."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from .files import one_sentence

MAX_DB = 200.0  # what equal arrays count, since JSON knows no infinity
SAMPLE = "sample.safetensors"  # in a component's folder
_ANSWER = "answer"


@dataclass(frozen=True)
class Sample:
    """Named inputs of a component, and what torch's original model answers in f32."""

    inputs: dict[str, np.ndarray]
    answer: np.ndarray

    @classmethod
    def load(cls, folder: Path) -> "Sample | None":
        """Read the sample in a component's folder; return None if there is none."""
        if not (folder / SAMPLE).is_file():
            return None
        with one_sentence(f"{folder / SAMPLE} cannot be read"):
            arrays = load_file(folder / SAMPLE)
            return cls(arrays, arrays.pop(_ANSWER))

    def save(self, folder: Path) -> None:
        """Write the sample into a component's folder."""
        (folder / SAMPLE).write_bytes(save({**self.inputs, _ANSWER: np.ascontiguousarray(self.answer)}))


def psnr(answer: np.ndarray, reference: np.ndarray, peak: float | None = None) -> float:
    """Return 10 log10(peak^2 / MSE) in dB, at most MAX_DB; NaN if the answer holds one.

    `peak` is by default the range of the reference.
    """
    answer, reference = answer.astype(np.float64), reference.astype(np.float64)
    if peak is None:
        peak = reference.max() - reference.min()
    error = np.mean((answer - reference) ** 2) / peak**2
    return float(-10 * np.log10(error)) if error > 10 ** (-MAX_DB / 10) or math.isnan(error) else MAX_DB
