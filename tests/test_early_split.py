"""Layers whose channels are split afterwards, computed in parts: same answers."""

import numpy as np
import pytest
from openvino import Output, opset13

from pipeline.model_folder.parity import psnr
from pipeline.runtime.graph.early_split import split_early
from tests.small_graphs import answer, kinds, small_graph

CHANNELS, WIDE = 4, 12
SIZE = (6, 5)


def pointwise(value: Output) -> Output:
    """Add a convolution by 8-bit weights that have a scale for each filter."""
    rng = np.random.default_rng(0)
    stored = opset13.constant(rng.integers(-127, 127, (WIDE, CHANNELS, 1, 1)).astype(np.int8))
    weights = opset13.multiply(opset13.convert(stored, "f32"), rng.random((WIDE, 1, 1, 1), np.float32) / 64)
    return opset13.convolution(value, weights, [1, 1], [0, 0], [0, 0], [1, 1]).output(0)


def biased(value: Output) -> Output:
    """Add a bias that is stored in 16 bits."""
    bias = opset13.constant(np.arange(WIDE, dtype=np.float16).reshape(1, WIDE, 1, 1))
    return opset13.add(value, opset13.convert(bias, "f32")).output(0)


def activated(value: Output) -> Output:
    return opset13.swish(value).output(0)


def grouped(value: Output, groups: int = WIDE) -> Output:
    weights = np.random.default_rng(1).normal(size=(groups, WIDE // groups, WIDE // groups, 3, 3)).astype(np.float32)
    return opset13.group_convolution(value, opset13.constant(weights), [1, 1], [1, 1], [1, 1], [1, 1]).output(0)


def gated(value: Output, lengths: tuple[int, int] = (WIDE // 2, -1), axis: int = 1) -> Output:
    first, second = opset13.variadic_split(value, np.int64(axis), np.array(lengths)).outputs()
    return opset13.concat([first, opset13.swish(second)], axis).output(0)


def shared(value: Output) -> Output:
    """Use the activations once more, as they are."""
    inner = activated(pointwise(value))
    return opset13.add(gated(grouped(inner)), inner).output(0)


SPLIT_EARLY = {
    "gate": lambda value: gated(grouped(activated(biased(pointwise(value))))),
    "unequal": lambda value: gated(grouped(pointwise(value)), (5, 7)),
    "bias last": lambda value: gated(biased(grouped(biased(pointwise(value))))),
}
OTHERS = {
    "channels that depend on others": lambda value: gated(grouped(pointwise(value), groups=3)),
    "read by others": shared,
    "rows": lambda value: gated(pointwise(value), (2, 4), axis=2),
    "no convolution": lambda value: gated(value, (1, 3)),
    "a sum of two": lambda value: gated(opset13.add(pointwise(value), pointwise(value)).output(0)),
}


@pytest.mark.parametrize("name", [*SPLIT_EARLY, *OTHERS])
def test_parts_answer_as_the_whole(name: str) -> None:
    whole = small_graph({**SPLIT_EARLY, **OTHERS}[name], CHANNELS, SIZE)
    parts = whole.clone()
    split_early(parts)
    assert kinds(parts).count("VariadicSplit") == (name in OTHERS)
    assert psnr(answer(parts), answer(whole)) >= 100
