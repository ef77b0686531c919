"""The parity of an IR with torch: PSNR on seeded inputs, checked against a floor, and SSIM of pictures."""

from pathlib import Path

import numpy as np
import openvino as ov
import torch
import torch.nn.functional as F

from ..domain.errors import SanaError
from ..model_folder.parity import Sample, psnr
from ..runtime.device import Device
from .graph_pieces import pieces

MAX_WEIGHTS = 600_000_000  # of a piece that is compiled in f32; chosen: they take 2.4 GB


class ParityError(SanaError):
    """The error for a component whose outputs are too far from the checkpoint's."""


def measure(model: ov.Model | Path, samples: list[Sample]) -> float:
    """Return the worst PSNR in dB over the samples. The model computes in f32 on the CPU."""
    compiled = Device().compile(model)
    return _worst([compiled(sample.inputs)[0] for sample in samples], samples)


def measure_in_pieces(model: ov.Model, samples: list[Sample]) -> float:
    """Return the same as `measure`, but compile one piece at a time: a whole f32 model may not fit the memory."""
    states: list[np.ndarray | None] = [None] * len(samples)
    for piece in pieces(model, MAX_WEIGHTS):
        compiled = Device().compile(piece)
        names = [port.get_any_name() for port in piece.inputs]
        for index, sample in enumerate(samples):
            known = {**sample.inputs, "states": states[index]}
            states[index] = compiled({name: known[name] for name in names})[0]
    return _worst([answer for answer in states if answer is not None], samples)


def check_floor(name: str, stage: str, decibels: float, floor: float) -> None:
    """Raise ParityError, naming component and stage, if `decibels` is below the floor or not a number."""
    if not decibels >= floor:
        raise ParityError(
            f"The {name} is too far from the checkpoint after {stage}: {decibels:.1f} dB, at least {floor:g} dB "
            f"are needed; no folder was written."
        )


def ssim(picture: np.ndarray, reference: np.ndarray) -> float:
    """Return the structural similarity of pictures [H, W, 3] in [0, 1], averaged over pixels and colours.

    Formula and constants are those of https://doi.org/10.1109/TIP.2003.819861, with uniform windows of 7x7 pixels.
    """
    x, y = (torch.from_numpy(p).double().permute(2, 0, 1)[:, None] for p in (picture, reference))

    def mean(values: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(values, 7, stride=1)

    x_mean, y_mean = mean(x), mean(y)
    x_variance, y_variance = mean(x * x) - x_mean**2, mean(y * y) - y_mean**2
    covariance = mean(x * y) - x_mean * y_mean
    luminance = (2 * x_mean * y_mean + 0.01**2) / (x_mean**2 + y_mean**2 + 0.01**2)
    return float((luminance * (2 * covariance + 0.03**2) / (x_variance + y_variance + 0.03**2)).mean())


def _worst(answers: list[np.ndarray], samples: list[Sample]) -> float:
    decibels = [psnr(answer, sample.answer) for answer, sample in zip(answers, samples, strict=True)]
    return float(np.min(decibels))  # NaN stays NaN
