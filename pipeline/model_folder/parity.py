"""The closeness of two arrays, and recorded samples of a component's right output."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from .files import one_sentence
from .whole_files import write_whole

MAX_DB = 200.0  # stands for equal arrays, since JSON has no infinity; chosen: beyond float32's precision
SAMPLE = "sample.safetensors"  # in a component's folder
_ANSWER = "answer"


@dataclass(frozen=True)
class Sample:
    """Inputs of a component by name, and the output of torch's original model in f32."""

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
        write_whole(folder / SAMPLE, save({**self.inputs, _ANSWER: np.ascontiguousarray(self.answer)}))


def psnr(answer: np.ndarray, reference: np.ndarray, peak: float | None = None) -> float:
    """Return the peak signal-to-noise ratio, 10 log10(peak^2 / MSE), in dB.

    The result is at most MAX_DB, or NaN if the answer holds one. `peak` defaults to the range of the reference.
    """
    answer, reference = answer.astype(np.float64), reference.astype(np.float64)
    if peak is None:
        peak = reference.max() - reference.min()
    error = np.mean((answer - reference) ** 2) / peak**2
    return float(-10 * np.log10(error)) if error > 10 ** (-MAX_DB / 10) or math.isnan(error) else MAX_DB
