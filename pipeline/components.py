"""Models on a device, as the stages of a generation call them."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov

from .compiled import Shapes
from .convolutions import rewrite_convolutions
from .device import EXACT, Device

# Named inputs -> the only output. What the stages ask of a compiled model, and all that a test has to fake.
Infer = Callable[[dict[str, np.ndarray]], np.ndarray]


class Turn:
    """Whose turn it is among components of which only one may be in memory."""

    def __init__(self) -> None:
        self._holder: Component | None = None

    def take(self, component: "Component") -> None:
        """Releases the component that had it before."""
        if self._holder is not None and self._holder is not component:
            self._holder.release()
        self._holder = component


class Component:
    """A model on a device, called with named inputs; `seconds` is the time spent in it since it was made.

    It is compiled at once; or, where memory is short, when its turn comes.
    """

    _AT_ONCE = True
    _SHARES_OUTPUT = False

    def __init__(
        self, device: Device, model: Path | ov.Model, precision: str = EXACT, turn: Turn | None = None
    ) -> None:
        """Raises DeviceError, here or in the first call, where the device cannot take it."""
        self._device = device
        self._model = model
        self._turn = turn
        self._compiled: ov.CompiledModel | None = (
            device.compile(model, precision) if self._AT_ONCE and not turn else None
        )
        self._request: ov.InferRequest | None = None
        self.precision = precision
        self.seconds = 0.0

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        start = time.perf_counter()
        if self._turn:
            self._turn.take(self)
        self._compiled = self._prepared(inputs)
        self._request = self._request or self._compiled.create_infer_request()
        # optimum-intel's exports differ from ours in the types of their inputs
        types = {name: port.get_element_type() for port in self._compiled.inputs for name in port.get_names()}
        typed = {name: value.astype(types[name].to_dtype(), copy=False) for name, value in inputs.items()}
        output = self._request.infer(typed, share_inputs=True, share_outputs=self._SHARES_OUTPUT)[0]
        self.seconds += time.perf_counter() - start
        return output

    def rest(self) -> None:
        """Frees the memory of activations, which OpenVINO keeps for the next call, inputs and outputs as well; weights
        stay."""
        self._request = None
        if self._compiled is not None:
            self._compiled.release_memory()

    def release(self) -> None:
        """Frees all memory; the next call compiles again."""
        self._request = self._compiled = None

    def _prepared(self, inputs: dict[str, np.ndarray]) -> ov.CompiledModel:
        return self._compiled or self._device.compile(self._model, self.precision)


class ShapedComponent(Component):
    """A model that is compiled for each new shape of its inputs: OpenVINO can plan it ahead then, and takes less time
    and, for large ones, far less memory."""

    _AT_ONCE = False
    _compiled_for: Shapes | None = None

    def _prepared(self, inputs: dict[str, np.ndarray]) -> ov.CompiledModel:
        shapes = self._shapes(inputs)
        if self._compiled is None or shapes != self._compiled_for:
            self.release()  # first
            self._compiled, self._compiled_for = self._compile(shapes), shapes
        return self._compiled

    def _shapes(self, inputs: dict[str, np.ndarray]) -> Shapes:
        return {name: value.shape for name, value in inputs.items()}

    def _compile(self, shapes: Shapes) -> ov.CompiledModel:
        return self._device.compile(self._model, self.precision, shapes)


class Transformer(ShapedComponent):
    """Compiled for a size and number of pictures, and for prompts of any length."""

    def _shapes(self, inputs: dict[str, np.ndarray]) -> Shapes:
        shapes = super()._shapes(inputs)
        texts = [name for name in shapes if name.startswith("encoder_")]
        return {**shapes, **{name: (shapes[name][0], -1, *shapes[name][2:]) for name in texts}}


class DecoderSegment(ShapedComponent):
    """What it answers is overwritten by its next call, but not after `rest`."""

    _SHARES_OUTPUT = True
    _model: ov.Model

    def _compile(self, shapes: Shapes) -> ov.CompiledModel:
        shaped = self._model.clone()
        shaped.reshape(shapes)
        if self._device.name == "CPU":  # others have their own ways
            rewrite_convolutions(shaped)
        return self._device.compile(shaped, self.precision)
