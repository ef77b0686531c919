"""Models on a device, called with named arrays by the stages of a generation."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov

from ..domain.errors import ArtifactError
from .compile_cache import Shapes
from .device import EXACT, Device
from .graph.weights_as_inputs import Weights, take_weights_out
from .prepare_ahead import PrepareAhead

# A function from named inputs to the only output. The stages need no more of a compiled model, so tests can fake it.
Infer = Callable[[dict[str, np.ndarray]], np.ndarray]


class ExclusiveResidency:
    """A slot for one model in memory. Of the models that share it, at most one is resident."""

    def __init__(self) -> None:
        self._resident: CompiledModel | None = None

    def acquire(self, model: "CompiledModel") -> None:
        """Make `model` the resident one, and release the one before."""
        if self._resident is not None and self._resident is not model:
            self._resident.release()
        self._resident = model


class CompiledModel:
    """A model on a device, called with named inputs.

    It is compiled at once or, with a `residency`, in the call that acquires it. `seconds` is the time spent in all
    calls.
    """

    _COMPILES_AT_ONCE = True
    _SHARES_OUTPUT = False
    _EXACT_INPUT: str | None = None

    def __init__(
        self,
        device: Device,
        model: Path | ov.Model,
        precision: str = EXACT,
        residency: ExclusiveResidency | None = None,
    ) -> None:
        """Take a model, or the path of an IR file.

        Raises:
            DeviceError: here or in a call, the device cannot take the model.
            ArtifactError: in a call, the IR file has changed since, and has to be compiled.
        """
        self._device = device
        self._model = model
        self._files = _state_of(model)
        self._residency = residency
        self._compiled: ov.CompiledModel | None = None
        self._weights: Weights = {}
        self._request: ov.InferRequest | None = None
        self._ahead = PrepareAhead()
        self.precision = precision
        self.seconds = 0.0
        if self._COMPILES_AT_ONCE and not residency:
            self._compiled = self._compile(None)

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        start = time.perf_counter()
        if self._residency:
            self._residency.acquire(self)
        self._compiled = self._compiled_for_inputs(inputs)
        self._request = self._request or self._new_request(self._compiled)
        # optimum-intel exports inputs of other types than ours.
        types = {name: port.get_element_type() for port in self._compiled.inputs for name in port.get_names()}
        typed = {name: value.astype(types[name].to_dtype(), copy=False) for name, value in inputs.items()}
        outputs = self._request.infer(typed, share_inputs=True, share_outputs=self._SHARES_OUTPUT)
        output: np.ndarray = outputs[0]
        self.seconds += time.perf_counter() - start
        return output

    def release_activations(self) -> None:
        """Free activations, inputs and outputs, which OpenVINO keeps for the next call. Weights stay."""
        self._request = None
        if self._compiled is not None:
            self._compiled.release_memory()

    def release(self) -> None:
        """Free all memory. The next call compiles the model again."""
        self._request = self._compiled = None
        self._weights = {}

    def _compiled_for_inputs(self, inputs: dict[str, np.ndarray]) -> ov.CompiledModel:
        return self._compiled or self._compile(None)

    def _compile(self, shapes: Shapes | None) -> ov.CompiledModel:
        if _state_of(self._model) != self._files:  # the new files were not verified
            raise ArtifactError(f"{self._model} is gone, or has changed since it was loaded.")
        is_cpu, is_exact = self._device.name == "CPU", self.precision == EXACT  # both rewritings rely on its plugin
        if isinstance(self._model, Path) and is_cpu and is_exact:
            model = self._device.read(self._model)
            self._weights = take_weights_out(model)
            if self._weights:
                model.reshape(shapes or {})
                return self._device.compile(model, self.precision)
        exact_input = self._EXACT_INPUT if is_cpu and not is_exact else None
        return self._device.compile(self._model, self.precision, shapes, exact_input)

    def _new_request(self, compiled: ov.CompiledModel) -> ov.InferRequest:
        request = compiled.create_infer_request()
        for name, values in self._weights.items():
            request.set_tensor(name, values)
        return request


class ShapedModel(CompiledModel):
    """A model that is compiled again whenever the shapes of its inputs change.

    With static shapes, OpenVINO plans memory and kernels ahead. That takes less time and, for large inputs, far less
    memory than dynamic shapes.
    """

    _COMPILES_AT_ONCE = False
    _compiled_shapes: Shapes | None = None
    _shapes_ahead: Shapes | None = None

    def prepare(self, shapes: Shapes) -> None:
        """Compile for inputs of these shapes in another thread, unless that was asked for or done last.

        A model that shares its place in memory is compiled in its call.
        """
        if self._residency or shapes in (self._compiled_shapes, self._shapes_ahead):
            return
        self._shapes_ahead = shapes
        self._ahead.begin(lambda: self._compiled_for(shapes))

    def _compiled_for_inputs(self, inputs: dict[str, np.ndarray]) -> ov.CompiledModel:
        self._ahead.end()
        self._shapes_ahead = None
        return self._compiled_for(self._shapes(inputs))

    def _compiled_for(self, shapes: Shapes) -> ov.CompiledModel:
        if self._compiled is None or shapes != self._compiled_shapes:
            self.release()  # before compiling, so that two are never in memory
            self._compiled, self._compiled_shapes = self._compile(shapes), shapes
        return self._compiled

    def _shapes(self, inputs: dict[str, np.ndarray]) -> Shapes:
        return {name: value.shape for name, value in inputs.items()}


class TransformerModel(ShapedModel):
    """A transformer that is compiled for the shape of its latents, and for prompts of any length."""

    _EXACT_INPUT = "timestep"

    def _shapes(self, inputs: dict[str, np.ndarray]) -> Shapes:
        shapes = super()._shapes(inputs)
        batch, _, height, width = shapes["hidden_states"]
        return transformer_shapes(shapes, batch, height, width)


def transformer_shapes(shapes: Shapes, batch: int, height: int, width: int) -> Shapes:
    """Return the shapes of a transformer's inputs for `batch` latents of `height` x `width`, and prompts of any length.

    `shapes` are those for other latents and prompts.
    """
    own: Shapes = {name: (batch, *shape[1:]) for name, shape in shapes.items()}
    texts = {name: (batch, -1, *shape[2:]) for name, shape in shapes.items() if name.startswith("encoder_")}
    return {**own, **texts, "hidden_states": (batch, shapes["hidden_states"][1], height, width)}


def _state_of(model: Path | ov.Model) -> list[tuple[int, int, int]] | None:
    """Return inode, size and time of an IR file and its weights, to notice changes; None for a model in memory."""
    if not isinstance(model, Path):
        return None
    try:
        states = [path.stat() for path in (model, model.with_suffix(".bin"))]
    except OSError:
        return []
    return [(state.st_ino, state.st_size, state.st_mtime_ns) for state in states]
