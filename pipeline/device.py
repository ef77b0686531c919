"""The device that models run on: whether it is there, how precisely and with how many threads it computes."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import openvino as ov
from openvino import opset13

from .compiled import CompileCache, Shapes, shaped
from .errors import DeviceError
from .machine import cpu_quota

# Everything is exact in f32: Sana's activations (+-5e5) overflow f16, the default on GPUs.
EXACT = "f32"
_VIRTUAL = ("AUTO", "HETERO", "MULTI")  # they pick from the devices listed after a colon, e.g. AUTO:GPU,CPU


def compile_config(precision: str = EXACT) -> dict[str, Any]:
    """OpenVINO's properties for models that answer one request at a time."""
    config = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    quota = cpu_quota()
    if quota and quota < _visible_processors():
        config["INFERENCE_NUM_THREADS"] = str(quota)
    return config


class Device:
    """An OpenVINO device by its name."""

    def __init__(self, name: str = "CPU", cache: CompileCache | None = None) -> None:
        """Raises DeviceError, naming the devices there are, unless `name` is one of them or AUTO over them.

        `cache` is where compiled IR files are kept; those of AUTO, which compiles for several devices, are not.
        """
        self.name = name
        self.core = ov.Core()
        available = self.core.available_devices
        kind, _, listed = name.partition(":")
        self._cache = None if kind in _VIRTUAL else cache
        chosen = listed.split(",") if kind in _VIRTUAL and listed else [name]
        wanted = {entry.lstrip("-") for entry in chosen}  # AUTO:-CPU means any but CPU
        # GPU stands for GPU.0 where there are several
        known = {"AUTO", *available, *(entry.partition(".")[0] for entry in available)}
        if not wanted <= known:
            raise DeviceError(f"There is no device {name!r} here; available: {', '.join(available)}, AUTO.")

    @property
    def fast_precision(self) -> str:
        """ "bf16" on a CPU that has instructions for it (AMX, AVX512-BF16), as OpenVINO tells; else "f32"."""
        preferred = self.core.get_property("CPU", "INFERENCE_PRECISION_HINT") if self.name == "CPU" else None
        return "bf16" if preferred == ov.Type.bf16 else EXACT

    @cached_property
    def threads(self) -> int | None:
        """How many a CPU computes with, as OpenVINO tells; None for other devices."""
        if self.name != "CPU":
            return None
        number = opset13.parameter([1], ov.Type.f32)
        compiled = self.core.compile_model(ov.Model([opset13.relu(number)], [number]), self.name, compile_config())
        return compiled.get_property("INFERENCE_NUM_THREADS")

    def compile(self, model: Path | ov.Model, precision: str = EXACT, shapes: Shapes | None = None) -> ov.CompiledModel:
        """Compiles a model or an IR file, the file's for inputs of `shapes` if they are given; raises DeviceError where
        the device cannot take it."""
        config = compile_config(precision)
        try:
            if self._cache and isinstance(model, Path):
                return self._cache.compile(self.core, model, self.name, config, shapes)
            if isinstance(model, Path) and shapes:
                model = shaped(self.core, model, shapes)
            return self.core.compile_model(model, self.name, config)
        except RuntimeError as error:
            name = model if isinstance(model, Path) else f"The model {model.get_friendly_name()}"
            raise DeviceError(f"{name} does not compile for {self.name}: {_reason(error)}") from error

    def read(self, path: Path) -> ov.Model:
        """The model of an IR file; raises DeviceError if it is none."""
        try:
            return self.core.read_model(path)
        except RuntimeError as error:
            raise DeviceError(f"{path} cannot be read: {_reason(error)}") from error


def _reason(error: RuntimeError) -> str:
    return str(error).strip().splitlines()[-1].strip()


def _visible_processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
