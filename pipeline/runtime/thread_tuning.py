"""On how many threads a CPU computes fastest: one for each core, which is OpenVINO's choice, or all that it runs.

It is measured once on a machine. The number of threads changes no byte of a picture.
"""

import logging
import time

import numpy as np
import openvino as ov
from openvino import opset13

from .device import Device
from .folders import facts
from .host import cpu_quota, visible_processors
from .processor import processor_name

RUNS = 7  # chosen; the fastest of them counts, as other programs only slow them
GAIN = 1.05  # chosen: a smaller gain may be chance
_SIDE = 128  # of a map of features; chosen: a run takes some hundredths of a second
_CHANNELS = 128

_LOG = logging.getLogger(__name__)


def fastest_threads(device: Device) -> int | None:
    """Return on how many threads to compute on a device; None for OpenVINO's own choice.

    Nothing is measured where that leaves no thread out, where a container limits them, or on other devices than the
    CPU. A result that is damaged, or of another processor, is measured again.
    """
    usual, every = device.threads, visible_processors()
    if usual is None or every <= usual or cpu_quota():
        return None
    known, key = facts(), ["threads", processor_name(), ov.get_version(), usual, every]
    gain = known.get(key)
    if not (isinstance(gain, float) and gain > 0):  # NaN, too
        gain = _seconds(usual) / _seconds(every)
        known.put(key, gain)
        _LOG.info("%d threads are %.2f times as fast as %d on this machine.", every, gain, usual)
    return every if gain >= GAIN else None


def _seconds(threads: int) -> float:
    """Return the least seconds of a convolution and a sum, as a decoder is made of, on so many threads."""
    device = Device(max_threads=threads)
    features = opset13.parameter([1, _CHANNELS, _SIDE, _SIDE], ov.Type.f32)
    filters = opset13.constant(np.full((_CHANNELS, _CHANNELS, 3, 3), 0.01, np.float32))
    convolved = opset13.convolution(features, filters, [1, 1], [1, 1], [1, 1], [1, 1])
    model = ov.Model([opset13.add(opset13.relu(convolved), features)], [features])
    request = device.compile(model, device.fast_precision).create_infer_request()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        request.infer()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
