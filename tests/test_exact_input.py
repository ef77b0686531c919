"""Timesteps, which are too fine for bf16: they are read in f32 by a model that computes in bf16."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from pipeline.runtime.compile_cache import CompileCache
from pipeline.runtime.device import Device
from pipeline.runtime.graph.exact_input import keep_exact

TIMESTEP = np.array([915.9913], np.float32)
SHAPES = {"timestep": (1,), "features": (1, 16)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return an IR file as transformers begin: sines of a timestep, their product, and a sum with other features."""
    timestep = opset13.parameter([-1], ov.Type.f32, name="timestep")
    features = opset13.parameter([-1, 16], ov.Type.f32, name="features")
    for each in (timestep, features):
        each.output(0).set_names({each.get_friendly_name()})
    frequencies = opset13.constant(np.linspace(0.1, 1, 16, dtype=np.float32)[None])
    sines = opset13.sin(opset13.multiply(opset13.unsqueeze(timestep, 1), frequencies))
    embedded = opset13.matmul(sines, opset13.constant(np.eye(16, dtype=np.float32)), False, True)
    product = opset13.matmul(features, opset13.constant(np.eye(16, dtype=np.float32)), False, True)
    model = ov.Model([opset13.add(embedded, product)], [timestep, features])
    ov.save_model(model, tmp_path / "model.xml", compress_to_fp16=False)
    return tmp_path / "model.xml"


def test_the_inputs_of_the_first_products_become_outputs_after_the_models_own(path: Path) -> None:
    model = Device().read(path)
    keep_exact(model, "timestep")
    kinds = [result.input_value(0).get_node().get_type_name() for result in model.get_results()]
    assert kinds == ["Add", "Sin"]


@pytest.mark.parametrize("is_cached", [False, True])
def test_a_sine_of_a_timestep_is_right_in_bf16(path: Path, tmp_path: Path, is_cached: bool) -> None:
    device = Device(cache=CompileCache(tmp_path / "cache") if is_cached else None)
    expected = np.sin(TIMESTEP[:, None] * np.linspace(0.1, 1, 16, dtype=np.float32))
    for _ in range(2):  # the second from the cache, if there is one
        request = device.compile(path, "bf16", SHAPES, "timestep").create_infer_request()
        found = request.infer({"timestep": TIMESTEP, "features": np.zeros((1, 16), np.float32)})[0]
        np.testing.assert_allclose(found, expected, atol=0.01)  # bf16 has 8 bits


def test_a_transformer_that_is_kept_exact_has_an_entry_of_its_own(path: Path, tmp_path: Path) -> None:
    device = Device(cache=CompileCache(tmp_path / "cache"))
    outputs = [len(device.compile(path, "bf16", SHAPES, each).outputs) for each in (None, "timestep", None)]
    assert outputs == [1, 2, 1]
