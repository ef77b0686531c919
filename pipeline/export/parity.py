"""How close an IR comes to torch: PSNR on seeded inputs, with a floor below which nothing is written."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
import torch
import torch.nn.functional as F

from ..components import COMPILE_CONFIG
from ..errors import SanaError
from .graph import pieces

MOST_WEIGHTS = 600_000_000  # in one piece: 2.4 GB in f32
MOST = 200.0  # dB; what equal arrays count, since JSON knows no infinity


@dataclass(frozen=True)
class Sample:
    """Named inputs of a component, and what torch's original model answers in f32."""

    inputs: dict[str, np.ndarray]
    answer: np.ndarray


class ParityError(SanaError):
    """A component that is too far from the checkpoint it was made of."""


def psnr(answer: np.ndarray, reference: np.ndarray, peak: float | None = None) -> float:
    """10 log10(peak^2 / MSE) in dB, the peak being by default the range of the reference; NaN where the answer holds
    one."""
    answer, reference = answer.astype(np.float64), reference.astype(np.float64)
    if peak is None:
        peak = reference.max() - reference.min()
    error = np.mean((answer - reference) ** 2) / peak**2
    return float(-10 * np.log10(error)) if error > 10 ** (-MOST / 10) or math.isnan(error) else MOST


def ssim(picture: np.ndarray, reference: np.ndarray) -> float:
    """Structural similarity of pictures [H, W, 3] in [0, 1], in windows of 7x7 pixels, averaged over pixels and colours
    (https://doi.org/10.1109/TIP.2003.819861)."""
    x, y = (torch.from_numpy(p).double().permute(2, 0, 1)[:, None] for p in (picture, reference))

    def mean(values: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(values, 7, stride=1)

    x_mean, y_mean = mean(x), mean(y)
    x_variance, y_variance = mean(x * x) - x_mean**2, mean(y * y) - y_mean**2
    covariance = mean(x * y) - x_mean * y_mean
    luminance = (2 * x_mean * y_mean + 0.01**2) / (x_mean**2 + y_mean**2 + 0.01**2)
    return float((luminance * (2 * covariance + 0.03**2) / (x_variance + y_variance + 0.03**2)).mean())


def measure(model: ov.Model | Path, samples: list[Sample]) -> float:
    """The worst PSNR in dB over the samples, computed in f32 on the CPU."""
    compiled = ov.Core().compile_model(model, "CPU", COMPILE_CONFIG)
    return _worst([compiled(sample.inputs)[0] for sample in samples], samples)


def measure_in_pieces(model: ov.Model, samples: list[Sample]) -> float:
    """The same, block after block: an uncompressed model is never in memory as a whole."""
    states: list[np.ndarray | None] = [None] * len(samples)
    for piece in pieces(model, MOST_WEIGHTS):
        compiled = ov.Core().compile_model(piece, "CPU", COMPILE_CONFIG)
        names = [port.get_any_name() for port in piece.inputs]
        for index, sample in enumerate(samples):
            known = {**sample.inputs, "states": states[index]}
            states[index] = compiled({name: known[name] for name in names})[0]
    return _worst([answer for answer in states if answer is not None], samples)


def _worst(answers: list[np.ndarray], samples: list[Sample]) -> float:
    decibels = [psnr(answer, sample.answer) for answer, sample in zip(answers, samples, strict=True)]
    return float(np.min(decibels))  # NaN stays NaN


def check(name: str, stage: str, decibels: float, floor: float) -> None:
    """Raises ParityError, naming component and stage, unless the parity reaches the floor."""
    if not decibels >= floor:
        raise ParityError(
            f"The {name} is too far from the checkpoint after {stage}: {decibels:.1f} dB, at least {floor:g} dB "
            f"are needed; no folder was written."
        )
