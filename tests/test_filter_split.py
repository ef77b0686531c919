"""Quantised convolutions in parts: the same, of fewer filters each."""

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from pipeline.model_folder.parity import psnr
from pipeline.runtime.device import Device
from pipeline.runtime.graph import filter_split
from pipeline.runtime.graph.filter_split import split_filters

COUNT, CHANNELS = 10, 3


@pytest.fixture(autouse=True)
def parts_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_split, "MAX_FILTERS", 4)


def quantised(count: int = COUNT, kernel: int = 3, activations: bool = True) -> ov.Model:
    """A convolution with stride 2 by 8-bit weights that have a scale for each filter."""
    value = opset13.parameter([1, CHANNELS, 9, 8], np.float32, "value")
    low, high = np.float32(-3), np.float32(3 * 127 / 128)
    features = opset13.fake_quantize(value, low, high, low, high, 256) if activations else value
    rng = np.random.default_rng(0)
    stored = opset13.constant(rng.integers(-127, 127, (count, CHANNELS, kernel, kernel)).astype(np.int8))
    weights = opset13.multiply(opset13.convert(stored, "f32"), rng.random((count, 1, 1, 1), np.float32) / 64)
    pad = [kernel // 2] * 2
    return ov.Model([opset13.result(opset13.convolution(features, weights, [2, 2], pad, pad, [1, 1]))], [value])


def counts(model: ov.Model) -> list[int]:
    return [each.get_output_shape(0)[1] for each in model.get_ordered_ops() if each.get_type_name() == "Convolution"]


def test_parts_answer_as_the_whole() -> None:
    whole = quantised()
    parts = whole.clone()
    split_filters(parts)
    assert sorted(counts(parts)) == [2, 4, 4]
    value = np.random.default_rng(1).normal(size=(1, CHANNELS, 9, 8)).astype(np.float32)
    answers = [Device().compile(model)(value)[0] for model in (parts, whole)]
    assert psnr(*answers) >= 100


@pytest.mark.parametrize("other", [{"count": 4}, {"kernel": 1}, {"activations": False}])
def test_others_stay(other: dict[str, Any]) -> None:
    model = quantised(**other)
    before = counts(model)
    split_filters(model)
    assert counts(model) == before
