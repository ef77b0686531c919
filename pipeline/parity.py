"""How close two answers are, and samples of what a component should answer."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

MOST = 200.0  # dB; what equal arrays count, since JSON knows no infinity
SAMPLE = "sample.safetensors"  # in a component's folder
_ANSWER = "answer"


@dataclass(frozen=True)
class Sample:
    """Named inputs of a component, and what torch's original model answers in f32."""

    inputs: dict[str, np.ndarray]
    answer: np.ndarray

    @classmethod
    def load(cls, folder: Path) -> "Sample | None":
        """The sample in a component's folder; None where there is none."""
        if not (folder / SAMPLE).is_file():
            return None
        arrays = load_file(folder / SAMPLE)
        return cls(arrays, arrays.pop(_ANSWER))

    def save(self, folder: Path) -> None:
        (folder / SAMPLE).write_bytes(save({**self.inputs, _ANSWER: np.ascontiguousarray(self.answer)}))


def psnr(answer: np.ndarray, reference: np.ndarray, peak: float | None = None) -> float:
    """10 log10(peak^2 / MSE) in dB, the peak being by default the range of the reference; NaN where the answer holds
    one."""
    answer, reference = answer.astype(np.float64), reference.astype(np.float64)
    if peak is None:
        peak = reference.max() - reference.min()
    error = np.mean((answer - reference) ** 2) / peak**2
    return float(-10 * np.log10(error)) if error > 10 ** (-MOST / 10) or math.isnan(error) else MOST
