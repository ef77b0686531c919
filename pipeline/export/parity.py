"""How close an IR comes to torch: PSNR on seeded inputs, with a floor below which nothing is written."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov

from ..components import COMPILE_CONFIG
from ..errors import SanaError

MOST = 200.0  # dB; what equal arrays count, since JSON knows no infinity


@dataclass(frozen=True)
class Sample:
    """Named inputs of a component, and what torch's original model answers in f32."""

    inputs: dict[str, np.ndarray]
    answer: np.ndarray


class ParityError(SanaError):
    """A component that is too far from the checkpoint it was made of."""


def psnr(answer: np.ndarray, reference: np.ndarray) -> float:
    """10 log10(peak^2 / MSE) in dB, the peak being the range of the reference; NaN where the answer holds one."""
    answer, reference = answer.astype(np.float64), reference.astype(np.float64)
    peak = reference.max() - reference.min()
    error = np.mean((answer - reference) ** 2) / peak**2
    return float(-10 * np.log10(error)) if error > 10 ** (-MOST / 10) or math.isnan(error) else MOST


def measure(model: ov.Model | Path, samples: list[Sample]) -> float:
    """The worst PSNR in dB over the samples, computed in f32 on the CPU."""
    compiled = ov.Core().compile_model(model, "CPU", COMPILE_CONFIG)
    return float(np.min([psnr(compiled(sample.inputs)[0], sample.answer) for sample in samples]))  # NaN stays NaN


def check(name: str, stage: str, decibels: float, floor: float) -> None:
    """Raises ParityError, naming component and stage, unless the parity reaches the floor."""
    if not decibels >= floor:
        raise ParityError(
            f"The {name} is too far from the checkpoint after {stage}: {decibels:.1f} dB, at least {floor:g} dB "
            f"are needed; no folder was written."
        )
