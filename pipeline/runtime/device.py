"""The device that models run on: its check, its precision and number of threads, and compiling for it."""

import copy
import threading
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import openvino as ov
from openvino import opset13

from ..domain.errors import DeviceError
from .compile_cache import CompileCache, Shapes, read_reshaped
from .host import cpu_quota, visible_processors

# Not f16, the default on GPUs: Sana's activations, up to 5e5, overflow it, unless they are scaled.
EXACT = "f32"
HALF = "f16"
_VIRTUAL = ("AUTO", "HETERO", "MULTI")  # choose from the devices listed after a colon, e.g. AUTO:GPU,CPU


_CORE_LOCK = threading.Lock()


def shared_core() -> ov.Core:
    """Return the only Core, made in the first call and kept for the life of the process.

    On CPUs with AMX, OpenVINO sets an alternate signal stack for the thread that makes a Core, and unmaps that stack
    when the last reference to the Core goes. The next signal would then end the process.
    """
    with _CORE_LOCK:  # without it, two threads might make two, and drop one
        return _make_core()


@cache
def _make_core() -> ov.Core:
    return ov.Core()


def compile_config(precision: str = EXACT, threads: int | None = None) -> dict[str, Any]:
    """Return OpenVINO's properties for models that run one request at a time, on at most `threads` if not None.

    With None, OpenVINO takes one thread for each core.
    """
    config: dict[str, Any] = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    limit, visible = min(filter(None, (cpu_quota(), threads)), default=None), visible_processors()
    if limit and limit < visible:
        config["INFERENCE_NUM_THREADS"] = str(limit)
    elif threads:
        config |= {"INFERENCE_NUM_THREADS": str(visible), "ENABLE_HYPER_THREADING": True}
    return config


class Device:
    """An OpenVINO device."""

    def __init__(self, name: str = "CPU", cache: CompileCache | None = None, max_threads: int | None = None) -> None:
        """Take OpenVINO's name of a device, such as "CPU", "GPU.0" or "AUTO:GPU,CPU".

        Compiled IR files are kept in `cache`, except those of AUTO, which compiles for several devices. A CPU computes
        on at most `max_threads`, by default on one for each core.

        Raises:
            DeviceError: there is no such device on this machine. The error names the devices that there are.
        """
        self.name = name
        self.core = shared_core()
        self._max_threads = max_threads
        available = self.core.available_devices
        self._activations_scale: float | None = None
        self._kind, _, listed = name.partition(":")
        self._cache = None if self._kind in _VIRTUAL else cache
        chosen = listed.split(",") if self._kind in _VIRTUAL and listed else [name]
        wanted = {entry.lstrip("-") for entry in chosen}  # AUTO:-CPU means any device except CPU
        # With several GPUs, named GPU.0 and so on, OpenVINO takes GPU for the first.
        known = {"AUTO", *available, *(entry.partition(".")[0] for entry in available)}
        if not wanted <= known:
            raise DeviceError(f"There is no device {name!r} here; available: {', '.join(available)}, AUTO.")
        excluded = {entry[1:] for entry in chosen if entry.startswith("-")}
        candidates = available if chosen == ["AUTO"] or excluded else chosen
        self._has_gpu = any(_is_gpu(entry) and not {entry, "GPU"} & excluded for entry in candidates)

    @property
    def fast_precision(self) -> str:
        """Return the fast precision of this device.

        It is "f16" where a GPU may compute, "bf16" on a CPU with instructions for it (AMX, AVX512-BF16), "f16" on
        another CPU that prefers it (ARM), and else "f32". No GPU and no ARM was tried.
        """
        if self._has_gpu:
            return HALF
        preferred = self.core.get_property("CPU", "INFERENCE_PRECISION_HINT") if self.name == "CPU" else None
        return {ov.Type.bf16: "bf16", ov.Type.f16: HALF}.get(preferred, EXACT)

    def scaling(self, activations: float | None) -> "Device":
        """Return the same device for a model whose `activations` are divided by this factor where it computes in f16.

        They would overflow without. Only GPUs know the factor: on CPUs it has no effect, and None has none.
        """
        other = copy.copy(self)
        other._activations_scale = activations
        return other

    @cached_property
    def threads(self) -> int | None:
        """Return how many threads OpenVINO computes with on a CPU; None for other devices."""
        if self.name != "CPU":
            return None
        number = opset13.parameter([1], ov.Type.f32)
        config = compile_config(threads=self._max_threads)
        compiled = self.core.compile_model(ov.Model([opset13.relu(number)], [number]), self.name, config)
        count: int = compiled.get_property("INFERENCE_NUM_THREADS")
        return count

    def compile(
        self,
        model: Path | ov.Model,
        precision: str = EXACT,
        shapes: Shapes | None = None,
        exact_input: str | None = None,
    ) -> ov.CompiledModel:
        """Compile a model or an IR file.

        With `shapes`, the model of an IR file is reshaped for inputs of these shapes first. One of them may be read in
        f32 whatever the precision.

        Raises:
            DeviceError: the device cannot take the model.
        """
        config = compile_config(precision, self._max_threads) | self._half_config(precision)
        if _is_gpu(self.name):
            for threads in ("INFERENCE_NUM_THREADS", "ENABLE_HYPER_THREADING"):  # which GPUs do not know, and refuse
                config.pop(threads, None)
        try:
            if self._cache and isinstance(model, Path):
                return self._cache.compile(self.core, model, self.name, config, shapes, exact_input)
            if isinstance(model, Path) and shapes:
                model = read_reshaped(self.core, model, shapes, exact_input)
            return self.core.compile_model(model, self.name, config)
        except RuntimeError as error:
            name = model if isinstance(model, Path) else f"The model {model.get_friendly_name()}"
            raise DeviceError(f"{name} does not compile for {self.name}: {reason_of(error)}") from error

    def _half_config(self, precision: str) -> dict[str, Any]:
        """Return OpenVINO's properties for f16 beside those of every precision."""
        if precision != HALF or not self._has_gpu:
            return {}
        scaled = {} if self._activations_scale is None else {"ACTIVATIONS_SCALE_FACTOR": self._activations_scale}
        # Otherwise AUTO answers from a CPU first, while it compiles for the GPU: the sample would be tried there.
        return {**scaled, "ENABLE_STARTUP_FALLBACK": False} if self._kind == "AUTO" else scaled

    def read(self, path: Path) -> ov.Model:
        """Return the model of an IR file; raise DeviceError if the file holds none."""
        try:
            return self.core.read_model(path)
        except RuntimeError as error:
            raise DeviceError(f"{path} cannot be read: {reason_of(error)}") from error


def _is_gpu(name: str) -> bool:
    return name.partition(".")[0] == "GPU"


def reason_of(error: Exception) -> str:
    """Return the last line of an error of OpenVINO, which says most."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
