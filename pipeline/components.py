"""Compiled models on OpenVINO devices."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov

from .errors import DeviceError

# Named inputs -> the only output. What the stages ask of a compiled model, and all that a test has to fake.
Infer = Callable[[dict[str, np.ndarray]], np.ndarray]

# f32 always: Sana's activations (+-5e5) overflow f16, and the default is bf16 on CPUs with AMX and f16 on GPUs.
COMPILE_CONFIG = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
_VIRTUAL = ("AUTO", "HETERO", "MULTI")  # they pick from the devices listed after a colon, e.g. AUTO:GPU,CPU


class Component:
    """A compiled model, called with named inputs; `seconds` is the time spent in it since it was made."""

    def __init__(self, core: ov.Core, model: Path | ov.Model, device: str) -> None:
        """Compiles a model or an IR file; raises DeviceError where the device cannot take it."""
        try:
            self._compiled = core.compile_model(model, device, COMPILE_CONFIG)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].strip()
            name = model if isinstance(model, Path) else f"The VAE decoder's {model.get_friendly_name()}"
            raise DeviceError(f"{name} does not compile for {device}: {reason}") from error
        self._types = {port.get_any_name(): port.get_element_type().to_dtype() for port in self._compiled.inputs}
        self.seconds = 0.0

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        start = time.perf_counter()
        # optimum-intel's exports differ from ours in the types of their inputs
        typed = {name: value.astype(self._types[name], copy=False) for name, value in inputs.items()}
        output = self._compiled(typed)[0]
        self.seconds += time.perf_counter() - start
        return output


def check_device(core: ov.Core, device: str) -> None:
    """Raises DeviceError, naming the devices there are, unless `device` is one of them or AUTO over them."""
    available = core.available_devices
    name, _, listed = device.partition(":")
    chosen = listed.split(",") if name in _VIRTUAL and listed else [device]
    wanted = {entry.lstrip("-") for entry in chosen}  # AUTO:-CPU means any but CPU
    # GPU stands for GPU.0 where there are several
    known = {"AUTO", *available, *(entry.partition(".")[0] for entry in available)}
    if not wanted <= known:
        raise DeviceError(f"There is no device {device!r} here; available: {', '.join(available)}, AUTO.")
