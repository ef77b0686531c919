"""16-bit weights that are taken out of a model: the same answers, without copies in the compiled model."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from pipeline.runtime.compiled_model import CompiledModel, ExclusiveResidency
from pipeline.runtime.device import Device
from pipeline.runtime.graph import weights_as_inputs
from pipeline.runtime.graph.weights_as_inputs import take_weights_out

FEATURES = np.random.default_rng(0).normal(size=(1, 3, 8)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return an IR file of two products by weights of 16 bits, one by those of 32, and one by 8-bit ones."""
    rng = np.random.default_rng(1)
    features = opset13.parameter(ov.PartialShape([1, -1, 8]), ov.Type.f32, name="features")
    features.output(0).set_names({"features"})
    value = features
    for kind in (ov.Type.f16, ov.Type.bf16, ov.Type.f32, ov.Type.i8):
        weights = opset13.constant(rng.normal(size=(8, 8)) * (10 if kind == ov.Type.i8 else 1), kind)
        value = opset13.matmul(value, weights if kind == ov.Type.f32 else opset13.convert(weights, "f32"), False, True)
    ov.save_model(ov.Model([value], [features]), tmp_path / "model.xml", compress_to_fp16=False)
    return tmp_path / "model.xml"


def test_weights_of_16_bits_become_inputs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_as_inputs, "MIN_BYTES", 2 * 2 * 64)
    model = Device().read(path)
    weights = take_weights_out(model)
    assert [tensor.element_type for tensor in weights.values()] == [ov.Type.f16, ov.Type.bf16]
    assert [port.get_any_name() for port in model.inputs] == ["features", *weights]
    constants = [each for each in model.get_ops() if each.get_type_name() == "Constant"]
    assert not [each for each in constants if each.get_element_type() in (ov.Type.f16, ov.Type.bf16)]


def test_a_smaller_model_stays_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_as_inputs, "MIN_BYTES", 2 * 2 * 64 + 1)
    model = Device().read(path)
    assert not take_weights_out(model)
    assert len(model.inputs) == 1


def test_the_answers_are_the_same_after_a_release_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {"features": FEATURES}
    expected = CompiledModel(Device(), path)(inputs)
    monkeypatch.setattr(weights_as_inputs, "MIN_BYTES", 0)
    model = CompiledModel(Device(), path, residency=ExclusiveResidency())
    for forget in (model.release_activations, model.release, lambda: None):
        np.testing.assert_allclose(model(inputs), expected, rtol=1e-5)
        forget()
    longer = np.concatenate([FEATURES, FEATURES], axis=1)
    np.testing.assert_allclose(model({"features": longer})[:, :3], expected, rtol=1e-5)
