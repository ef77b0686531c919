"""How a 3x3 convolution is computed fastest on this machine: `python -m tests.benchmark --tuning`.

The limits in `pipeline/runtime/graph/winograd_phases.py` come from this table.
"""

import time
from collections.abc import Callable
from statistics import median
from unittest.mock import patch

import numpy as np
import openvino as ov
from openvino import opset13

from pipeline.runtime.device import EXACT, Device
from pipeline.runtime.graph import winograd_phases
from pipeline.runtime.graph.channels_last import put_channels_last
from pipeline.runtime.segment_model import handed_over

from .machine import describe
from .report import table

# Channels, height and width of feature maps of the decoders at 1024x1024 pixels, or of bands of them.
MAPS = [(32, 256, 512), (64, 256, 512), (128, 128, 512), (256, 128, 128), (512, 64, 64), (1024, 64, 64), (1024, 32, 32)]
LAYERS = 4  # convolutions one after the other, as they come in a decoder
RUNS = 5


def tune() -> str:
    """Measure each feature map in each precision of this CPU; return a table in Markdown of one convolution's cost.

    The runs of the ways alternate, so that all have their share of a clock that varies.
    """
    machine, device = describe(), Device()
    rows = [
        _row(device, precision, *size) for precision in dict.fromkeys((EXACT, device.fast_precision)) for size in MAPS
    ]
    header = [
        "in",
        "channels",
        "map",
        "direct",
        "Winograd",
        "x",
        "8-bit direct",
        "compiling direct",
        "compiling Winograd",
    ]
    preface = (
        f"{machine['cpu']} ({', '.join(machine['extensions'])}), {machine['cores']} cores; medians of {RUNS} runs."
    )
    return f"{preface}\n\n{table(header, rows)}"


def _row(device: Device, precision: str, channels: int, height: int, width: int) -> list[str]:
    direct, winograd, small = (
        _compiled(device, precision, _network(channels, height, width, is_quantised), rewrite)
        for is_quantised, rewrite in ((False, False), (False, True), (True, False))
    )
    spent: list[list[float]] = [[], [], []]
    for _ in range(RUNS):
        for (call, _), seconds in zip((direct, winograd, small), spent, strict=True):
            start = time.perf_counter()
            call()
            seconds.append((time.perf_counter() - start) / LAYERS)
    medians = [median(seconds) for seconds in spent]
    shown = [f"{1000 * seconds:.1f} ms" for seconds in medians]
    compiling = [f"{seconds / LAYERS:.2f} s" for _, seconds in (direct, winograd)]
    return [
        precision,
        str(channels),
        f"{height}x{width}",
        *shown[:2],
        f"{medians[0] / medians[1]:.1f}",
        shown[2],
        *compiling,
    ]


def _network(channels: int, height: int, width: int, is_quantised: bool) -> ov.Model:
    generator = np.random.default_rng(0)
    features = opset13.parameter([1, channels, height, width], np.float32, "features")
    value = features.output(0)
    value.set_names({"features"})
    for _ in range(LAYERS):
        weights = generator.normal(0, (9 * channels) ** -0.5, (channels, channels, 3, 3)).astype(np.float32)
        stored = opset13.constant(weights).output(0)
        if is_quantised:
            value, stored = _quantised(value, 8, 256), _quantised(stored, 1, 255)
        value = opset13.relu(opset13.convolution(value, stored, [1, 1], [1, 1], [1, 1], [1, 1])).output(0)
    return ov.Model([opset13.result(value)], [features])


def _quantised(value: ov.Output, limit: float, levels: int) -> ov.Output:
    low, high = np.float32(-limit), np.float32(limit)
    quantised: ov.Output = opset13.fake_quantize(value, low, high, low, high, levels).output(0)
    return quantised


def _compiled(device: Device, precision: str, model: ov.Model, rewrite: bool) -> tuple[Callable[[], object], float]:
    """Return a call of the model, made once already, and the seconds that rewriting and compiling took."""
    start = time.perf_counter()
    kind = handed_over(device, precision)
    model = put_channels_last(model, kind, kind)
    if rewrite:
        with patch.multiple(winograd_phases, MIN_CHANNELS=1, MIN_TILES=0, MIN_FLOP=0):
            winograd_phases.use_winograd(model)
    request = device.compile(model, precision).create_infer_request()
    seconds = time.perf_counter() - start
    request.infer()
    return request.infer, seconds
