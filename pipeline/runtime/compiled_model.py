"""Models on a device, as the stages of a generation call them."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov

from ..domain.errors import ArtifactError
from .compile_cache import Shapes
from .device import EXACT, Device
from .graph.convolutions import rewrite_convolutions

# Named inputs -> the only output. What the stages ask of a compiled model, and all that a test has to fake.
Infer = Callable[[dict[str, np.ndarray]], np.ndarray]


class ExclusiveResidency:
    """Keeps at most one of the models that share it in memory."""

    def __init__(self) -> None:
        self._resident: CompiledModel | None = None

    def acquire(self, model: "CompiledModel") -> None:
        """Make `model` the resident one; release the one before it."""
        if self._resident is not None and self._resident is not model:
            self._resident.release()
        self._resident = model


class CompiledModel:
    """A model on a device, called with named inputs; `seconds` is the time spent in it since it was made.

    It is compiled at once; or, with a `residency`, in the call that acquires it.
    """

    _COMPILES_AT_ONCE = True
    _SHARES_OUTPUT = False

    def __init__(
        self,
        device: Device,
        model: Path | ov.Model,
        precision: str = EXACT,
        residency: ExclusiveResidency | None = None,
    ) -> None:
        """Raise DeviceError, here or in the first call, if the device cannot take the model.

        A call that compiles raises ArtifactError if the file is not the one that was there at first.
        """
        self._device = device
        self._model = model
        self._files = _state_of(model)
        self._residency = residency
        self._compiled: ov.CompiledModel | None = None
        if self._COMPILES_AT_ONCE and not residency:
            self._compiled = device.compile(model, precision)
        self._request: ov.InferRequest | None = None
        self.precision = precision
        self.seconds = 0.0

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        start = time.perf_counter()
        if self._residency:
            self._residency.acquire(self)
        self._compiled = self._compiled_for_inputs(inputs)
        self._request = self._request or self._compiled.create_infer_request()
        # optimum-intel's exports differ from ours in the types of their inputs
        types = {name: port.get_element_type() for port in self._compiled.inputs for name in port.get_names()}
        typed = {name: value.astype(types[name].to_dtype(), copy=False) for name, value in inputs.items()}
        output = self._request.infer(typed, share_inputs=True, share_outputs=self._SHARES_OUTPUT)[0]
        self.seconds += time.perf_counter() - start
        return output

    def release_activations(self) -> None:
        """Free the memory of activations, inputs and outputs, which OpenVINO keeps for the next call; weights stay."""
        self._request = None
        if self._compiled is not None:
            self._compiled.release_memory()

    def release(self) -> None:
        """Free all memory; the next call compiles again."""
        self._request = self._compiled = None

    def _compiled_for_inputs(self, inputs: dict[str, np.ndarray]) -> ov.CompiledModel:
        return self._compiled or self._compile(None)

    def _compile(self, shapes: Shapes | None) -> ov.CompiledModel:
        if _state_of(self._model) != self._files:  # nobody has verified what lies there now
            raise ArtifactError(f"{self._model} is gone, or has changed since it was loaded.")
        return self._device.compile(self._model, self.precision, shapes)


class ShapedModel(CompiledModel):
    """A model that is compiled again for each new shape of its inputs.

    OpenVINO can then plan ahead: it takes less time and, for large inputs, far less memory.
    """

    _COMPILES_AT_ONCE = False
    _compiled_shapes: Shapes | None = None

    def _compiled_for_inputs(self, inputs: dict[str, np.ndarray]) -> ov.CompiledModel:
        shapes = self._shapes(inputs)
        if self._compiled is None or shapes != self._compiled_shapes:
            self.release()  # first, so that never two are in memory
            self._compiled, self._compiled_shapes = self._compile(shapes), shapes
        return self._compiled

    def _shapes(self, inputs: dict[str, np.ndarray]) -> Shapes:
        return {name: value.shape for name, value in inputs.items()}


class TransformerModel(ShapedModel):
    """A transformer, compiled for a size and number of latents, and for prompts of any length."""

    def _shapes(self, inputs: dict[str, np.ndarray]) -> Shapes:
        shapes = super()._shapes(inputs)
        texts = [name for name in shapes if name.startswith("encoder_")]
        return {**shapes, **{name: (shapes[name][0], -1, *shapes[name][2:]) for name in texts}}


class SegmentModel(ShapedModel):
    """A segment of a partitioned graph, with its large convolutions rewritten for CPUs.

    The returned array is the request's own buffer: the next call overwrites it. After `release_activations()` it is
    safe to keep.
    """

    _SHARES_OUTPUT = True
    _model: ov.Model

    def _compile(self, shapes: Shapes | None) -> ov.CompiledModel:
        reshaped = self._model.clone()
        reshaped.reshape(shapes)
        if self._device.name == "CPU":  # other devices compute convolutions in their own ways
            rewrite_convolutions(reshaped)
        return self._device.compile(reshaped, self.precision)


def _state_of(model: Path | ov.Model) -> list[tuple[int, int, int]] | None:
    """Return what tells that an IR file, or its weights, was replaced or written to; None for other models."""
    if not isinstance(model, Path):
        return None
    try:
        states = [path.stat() for path in (model, model.with_suffix(".bin"))]
    except OSError:
        return []
    return [(state.st_ino, state.st_size, state.st_mtime_ns) for state in states]
