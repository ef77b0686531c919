"""The choice of a model's precision on this device: the fast one if a sample shows that it suffices, else f32."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import openvino as ov

from ..domain.errors import DeviceError
from ..model_folder.parity import Sample, psnr
from ..model_folder.remembered import state_of
from .compiled_model import Infer
from .device import EXACT, Device, reason_of
from .folders import facts

# The fast precision is taken if its PSNR against torch reaches SUFFICIENT dB, or is at most MAX_LOSS dB below that of
# the same IR in f32. Chosen: 3 dB are twice the squared error; no measurement stands behind either number.
SUFFICIENT = 35.0
MAX_LOSS = 3.0

_LOG = logging.getLogger(__name__)

Model = TypeVar("Model", bound=Infer)


def choose_precision(build: Callable[[str], Model], fast: str, folder: Path, exact_db: float, device: Device) -> Model:
    """Return `build(fast)` if its answer to the sample in `folder` is close enough to torch's, else `build(EXACT)`.

    The sample is tried on the device itself, and not again while device, OpenVINO and files are the same. If the device
    fails, or its answer is too far off, a sentence is logged.
    `exact_db` is the parity of the same IR in f32. A folder without a sample, such as optimum-intel's, gets EXACT.
    """
    sample = Sample.load(folder)
    if fast == EXACT or sample is None:
        return build(EXACT)
    needed = min(SUFFICIENT, exact_db - MAX_LOSS)
    known, key = facts(), _ingredients(folder, fast, device)
    tried = known.get(key)
    try:
        model = build(fast)
        if isinstance(tried, float) and tried >= needed:
            return model
        decibels = psnr(model(sample.inputs), sample.answer)
        if decibels >= needed:
            known.put(key, decibels)
            return model
        reason = f"its sample comes out at {decibels:.1f} dB, and {needed:.1f} dB are needed"
        del model  # before the other is compiled, so that two are never in memory
    except (DeviceError, RuntimeError, MemoryError) as error:  # RuntimeError: all that OpenVINO raises
        reason = reason_of(error).rstrip(".")
    _LOG.warning("The %s computes in f32, not in %s: %s.", folder.name.replace("_", " "), fast, reason)
    return build(EXACT)


def _ingredients(folder: Path, fast: str, device: Device) -> list[object]:
    """Return all that the answer to the sample depends on."""
    devices = [
        str(device.core.get_property(each, name))
        for each in device.core.available_devices
        for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")
    ]
    files = [state_of(path) for path in sorted(folder.iterdir()) if path.is_file()]
    return [ov.get_version(), device.name, *devices, fast, *files]
