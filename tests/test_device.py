"""What a device gives to models: threads within a container's quota, a fast precision if a sample allows it, memory."""

import dataclasses
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from pipeline import SanaPipeline
from pipeline.jobs.model_sources import NamedSource
from pipeline.model_folder.manifest import read_manifest
from pipeline.model_folder.parity import Sample
from pipeline.runtime import device, precision
from pipeline.runtime.compiled_model import CompiledModel, ExclusiveResidency
from pipeline.runtime.device import EXACT, Device, compile_config, shared_core
from pipeline.runtime.precision import choose_precision


@pytest.mark.parametrize(
    ("quota", "visible", "threads"), [(2, 16, "2"), (1, 4, "1"), (4, 4, None), (16, 4, None), (None, 16, None)]
)
def test_no_more_threads_than_the_quota_lets_run(
    monkeypatch: pytest.MonkeyPatch, quota: int | None, visible: int, threads: str | None
) -> None:
    monkeypatch.setattr(device, "cpu_quota", lambda: quota)
    monkeypatch.setattr(device, "visible_processors", lambda: visible)
    assert compile_config().get("INFERENCE_NUM_THREADS") == threads  # without it OpenVINO takes all that it sees


def test_all_threads_that_are_asked_for_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "cpu_quota", lambda: None)
    monkeypatch.setattr(device, "visible_processors", lambda: 8)
    assert "ENABLE_HYPER_THREADING" not in compile_config()
    config = compile_config(threads=8)
    assert (config["INFERENCE_NUM_THREADS"], config["ENABLE_HYPER_THREADING"]) == ("8", True)


@dataclass
class Stage:
    """A model that returns its input plus an error."""

    precision: str
    error: float

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        return inputs["x"] + self.error


@pytest.mark.parametrize(
    ("error", "exact_db", "chosen"),
    [
        (0.001, 70.0, "bf16"),
        (0.1, 70.0, EXACT),  # 20 dB: too far
        (0.1, 22.0, "bf16"),  # as far as the compression itself
        (float("nan"), 22.0, EXACT),
    ],
)
def test_the_fast_precision_is_taken_where_a_sample_allows_it(
    tmp_path: Path, error: float, exact_db: float, chosen: str
) -> None:
    answer = np.linspace(0, 1, 100, dtype=np.float32)
    Sample({"x": answer}, answer).save(tmp_path)

    def build(precision: str) -> Stage:
        return Stage(precision, 0 if precision == EXACT else error)

    def choose(fast: str) -> str:
        return choose_precision(build, fast, tmp_path, exact_db, Device()).precision

    assert choose("bf16") == chosen
    assert choose(EXACT) == EXACT
    (tmp_path / "sample.safetensors").unlink()
    assert choose("bf16") == EXACT


def test_a_sample_is_tried_once_for_each_state_of_the_files(tmp_path: Path) -> None:
    answer = np.linspace(0, 1, 100, dtype=np.float32)
    Sample({"x": answer}, answer).save(tmp_path)
    calls: list[str] = []

    class Counted(Stage):
        def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
            calls.append(self.precision)
            return super().__call__(inputs)

    def choose(error: float) -> str:
        return choose_precision(lambda each: Counted(each, error), "bf16", tmp_path, 70.0, Device()).precision

    assert [choose(0.001) for _ in range(2)] == ["bf16"] * 2
    assert len(calls) == 1
    (tmp_path / "openvino_model.bin").write_bytes(b"other weights")
    assert [choose(0.1) for _ in range(2)] == [EXACT] * 2  # what did not suffice is tried at each start
    assert len(calls) == 3


def test_fp16_is_computed_in_f32_and_int8_as_fast_as_the_samples_allow(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Device, "fast_precision", "bf16")
    built: list[str] = []
    monkeypatch.setattr(
        "pipeline.generation.stages.choose_precision", lambda build, fast, *_: built.append(fast) or build(EXACT)
    )
    SanaPipeline.from_pretrained(model)
    manifest = read_manifest(model)
    int8 = dataclasses.replace(manifest, model=dataclasses.replace(manifest.model, compression="int8"))
    SanaPipeline(model, int8, Device())
    assert built == [EXACT] * 3 + ["bf16"] * 3


def test_low_memory_draws_the_same_and_holds_one_model(
    model: Path, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    compile_model = Device.compile

    def counted(self: Device, *arguments: Any) -> Any:
        held.append(sum(component._compiled is not None for component in components))
        return compile_model(self, *arguments)

    components: list[CompiledModel] = []
    make = CompiledModel.__init__

    def remembered(self: CompiledModel, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        components.append(self)

    monkeypatch.setattr(CompiledModel, "__init__", remembered)
    monkeypatch.setattr(Device, "compile", counted)
    low = SanaPipeline.from_pretrained(model, low_memory=True)
    assert held == []
    a, b = (np.asarray(each("a house", num_inference_steps=2).images[0]) for each in (pipe, low))
    assert np.array_equal(a, b)
    assert len(held) >= 3
    assert set(held) == {0}  # when one is compiled, all others are released


def test_the_page_passes_the_wish_for_low_memory_on(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, device: str, low_memory: bool, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(wish=low_memory, prepare=lambda: None)

    monkeypatch.setattr(SanaPipeline, "from_pretrained", load)
    for wish in (True, False):
        loaded: Any = NamedSource(str(model), "CPU", low_memory=wish).load(print)
        assert loaded.wish is wish


def test_one_model_at_a_time_is_resident() -> None:
    released: list[str] = []
    models: list[Any] = [SimpleNamespace(release=lambda name=name: released.append(name)) for name in "ab"]
    first, second = models
    residency = ExclusiveResidency()
    for model in (first, first, second, second, first):
        residency.acquire(model)
    assert released == ["a", "b"]


class FakeRequest:
    """A request whose answer is spoiled, or that fails."""

    def __init__(self, request: Any, spoil: Any) -> None:
        self._request, self._spoil = request, spoil

    def infer(self, *arguments: Any, **named: Any) -> Any:
        answer = self._request.infer(*arguments, **named)
        return {0: self._spoil(np.array(answer[0]))}


class FakeCompiled:
    def __init__(self, compiled: Any, spoil: Any) -> None:
        self._compiled, self._spoil, self.inputs = compiled, spoil, compiled.inputs

    def create_infer_request(self) -> FakeRequest:
        return FakeRequest(self._compiled.create_infer_request(), self._spoil)

    def release_memory(self) -> None:
        self._compiled.release_memory()


class FakeCore:
    """OpenVINO with GPUs that compute on the CPU; `spoil` changes what they answer in f16, or raises an error."""

    def __init__(self, devices: list[str], spoil: Any = lambda answer: answer, preferred: Any = ov.Type.f32) -> None:
        self.available_devices = devices
        self.compiled: list[tuple[str, dict[str, Any]]] = []
        self._core, self._spoil, self._preferred = shared_core(), spoil, preferred
        self._name = uuid.uuid4().hex  # each is another machine: what was tried on one is not known of the next

    def get_property(self, device: str, name: str) -> Any:
        return self._preferred if name == "INFERENCE_PRECISION_HINT" else self._name

    def read_model(self, path: Path) -> Any:
        return self._core.read_model(path)

    def compile_model(self, model: Any, name: str, config: dict[str, Any]) -> Any:
        self.compiled.append((name, config))
        is_half = config["INFERENCE_PRECISION_HINT"] == "f16"
        if is_half and self._spoil is refuse:
            refuse()
        compiled = self._core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return FakeCompiled(compiled, self._spoil) if is_half else compiled


def refuse() -> None:
    raise RuntimeError("Exception from src/plugin.cpp:1:\nThis device does not compute in f16.")


def run_out(answer: np.ndarray) -> np.ndarray:
    raise RuntimeError("Exception from src/request.cpp:1:\n[GPU] out of GPU resources")


@pytest.mark.parametrize(
    ("name", "devices", "preferred", "fast"),
    [
        ("GPU", ["CPU", "GPU"], ov.Type.f32, "f16"),
        ("GPU.1", ["CPU", "GPU.0", "GPU.1"], ov.Type.bf16, "f16"),
        ("AUTO", ["CPU", "GPU.0", "GPU.1"], ov.Type.f32, "f16"),
        ("AUTO", ["CPU"], ov.Type.f32, EXACT),
        ("AUTO:GPU,CPU", ["CPU", "GPU"], ov.Type.f32, "f16"),
        ("AUTO:CPU", ["CPU", "GPU"], ov.Type.f32, EXACT),
        ("AUTO:-GPU", ["CPU", "GPU.0"], ov.Type.f32, EXACT),
        ("AUTO:-CPU", ["CPU", "GPU.0"], ov.Type.f32, "f16"),
        ("AUTO:-GPU.0", ["CPU", "GPU.0", "GPU.1"], ov.Type.f32, "f16"),
        ("HETERO:GPU.0,CPU", ["CPU", "GPU.0"], ov.Type.f32, "f16"),
        ("MULTI:CPU,GPU", ["CPU", "GPU"], ov.Type.f32, "f16"),
        ("CPU", ["CPU", "GPU"], ov.Type.f32, EXACT),
        ("CPU", ["CPU", "GPU"], ov.Type.bf16, "bf16"),
        ("CPU", ["CPU"], ov.Type.f16, "f16"),  # ARM
    ],
)
def test_the_fast_precision_of_a_device(
    monkeypatch: pytest.MonkeyPatch, name: str, devices: list[str], preferred: Any, fast: str
) -> None:
    core = FakeCore(devices, preferred=preferred)
    monkeypatch.setattr(device, "shared_core", lambda: core)
    monkeypatch.setattr(device, "cpu_quota", lambda: 1)
    monkeypatch.setattr(device, "visible_processors", lambda: 8)
    known = Device(name).scaling(96.0)
    assert known.fast_precision == fast
    number = opset13.parameter([1], ov.Type.f32)
    for each in (EXACT, fast):
        known.compile(ov.Model([opset13.relu(number)], [number]), each)
    exact, other = (config for _, config in core.compiled)
    is_scaled = fast == "f16" and name != "CPU"
    assert "ACTIVATIONS_SCALE_FACTOR" not in exact
    assert other.get("ACTIVATIONS_SCALE_FACTOR") == (96.0 if is_scaled else None)
    # AUTO would answer from a CPU first, so that the sample would be tried there.
    assert other.get("ENABLE_STARTUP_FALLBACK") == (False if is_scaled and name.startswith("AUTO") else None)
    assert ("INFERENCE_NUM_THREADS" in exact) != name.startswith("GPU"), "GPUs refuse this property"


@pytest.mark.parametrize(
    ("name", "spoil", "reason"),
    [
        ("GPU", lambda answer: answer, None),
        ("AUTO", lambda answer: answer, None),
        ("GPU", lambda answer: answer + np.ptp(answer), "dB, and 35.0 dB are needed"),
        ("GPU", lambda answer: answer * np.nan, "its sample comes out at nan dB"),
        ("GPU", refuse, "This device does not compute in f16"),
        ("GPU", run_out, "[GPU] out of GPU resources"),
    ],
    ids=["good", "AUTO", "off", "NaN", "refused", "out of memory"],
)
def test_a_gpu_computes_in_f16_or_else_in_f32_and_says_so(
    model: Path,
    pipe: SanaPipeline,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    spoil: Any,
    reason: str | None,
) -> None:
    core = FakeCore(["CPU", "GPU"], spoil)
    monkeypatch.setattr(device, "shared_core", lambda: core)
    manifest = read_manifest(model)
    int8 = dataclasses.replace(manifest, model=dataclasses.replace(manifest.model, compression="int8"))
    sentences: list[str] = []
    log = SimpleNamespace(warning=lambda text, *facts: sentences.append(text % facts))
    monkeypatch.setattr(precision, "_LOG", log)  # libraries of other tests may have disabled loggers
    ours = SanaPipeline(model, int8, Device(name))
    if reason is None:
        assert ours.precision == "f16"
        assert sentences == []
        scales = {config.get("ACTIVATIONS_SCALE_FACTOR") for _, config in core.compiled}
        assert scales == {None, 384.0, 2560.0}
    else:
        assert ours.precision == EXACT
        assert [each.split(" computes in f32, not in f16: ")[0] for each in sentences] == [
            "The text encoder",
            "The transformer",
            "The vae decoder",
        ]
        assert all(reason in each and "\n" not in each for each in sentences)
    settings: dict[str, Any] = {"num_inference_steps": 2, "output_type": "np"}
    assert np.allclose(ours("a house", **settings).images, pipe("a house", **settings).images, atol=1e-3)
