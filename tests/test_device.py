"""What a device lends: threads within a container's quota, a fast precision where a sample allows it, and memory."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import SanaPipeline
from pipeline.jobs.model_sources import NamedSource
from pipeline.model_folder.manifest import read_manifest
from pipeline.model_folder.parity import Sample
from pipeline.runtime import device
from pipeline.runtime.compiled_model import CompiledModel, ExclusiveResidency
from pipeline.runtime.device import EXACT, Device, compile_config
from pipeline.runtime.precision import choose_precision


@pytest.mark.parametrize(
    ("quota", "visible", "threads"), [(2, 16, "2"), (1, 4, "1"), (4, 4, None), (16, 4, None), (None, 16, None)]
)
def test_no_more_threads_than_the_quota_lets_run(
    monkeypatch: pytest.MonkeyPatch, quota: int | None, visible: int, threads: str | None
) -> None:
    monkeypatch.setattr(device, "cpu_quota", lambda: quota)
    monkeypatch.setattr(device, "_visible_processors", lambda: visible)
    assert compile_config().get("INFERENCE_NUM_THREADS") == threads  # without it OpenVINO takes all that it sees


@dataclass
class Stage:
    """A model that answers its input, with an error."""

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

    assert choose_precision(build, "bf16", tmp_path, exact_db).precision == chosen
    assert choose_precision(build, EXACT, tmp_path, exact_db).precision == EXACT
    (tmp_path / "sample.safetensors").unlink()
    assert choose_precision(build, "bf16", tmp_path, exact_db).precision == EXACT


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
    monkeypatch.setattr(SanaPipeline, "from_pretrained", lambda folder, device, low_memory, on_progress: low_memory)
    for wish in (True, False):
        assert NamedSource(str(model), "CPU", low_memory=wish).load(print) is wish


def test_one_model_at_a_time_is_resident() -> None:
    released: list[str] = []
    models: list[Any] = [SimpleNamespace(release=lambda name=name: released.append(name)) for name in "ab"]
    first, second = models
    residency = ExclusiveResidency()
    for model in (first, first, second, second, first):
        residency.acquire(model)
    assert released == ["a", "b"]
