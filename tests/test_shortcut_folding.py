"""The shortcut of an encoder's downsampling, folded into the convolution beside it: same answers."""

from collections.abc import Callable

import numpy as np
import pytest
from openvino import Output, opset13

from pipeline.model_folder.parity import psnr
from pipeline.runtime.graph.shortcut_folding import fold_shortcuts
from tests.small_graphs import answer, kinds, small_graph

CHANNELS = 4
SIZE = (8, 12)
UNSHUFFLE = (0, 1, 3, 5, 2, 4)


def convolution(value: Output, filters: int, stride: int = 2) -> Output:
    shape = (filters, CHANNELS, 3, 3)
    weights = opset13.constant(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    return opset13.convolution(value, weights, [stride] * 2, [1, 1], [1, 1], [1, 1]).output(0)


def means(value: Output, filters: int, order: tuple[int, ...] = UNSHUFFLE, axis: int = 2) -> Output:
    """Unshuffle, and take means of neighbouring channels, with sizes that are read from a shape, as it is exported."""
    batch = opset13.gather(opset13.shape_of(value), np.array([0]), np.int64(0))
    height, width = (
        opset13.divide(opset13.gather(opset13.shape_of(value), np.array([side]), np.int64(0)), np.array([2]))
        for side in (2, 3)
    )
    two = np.array([2])
    divided = opset13.reshape(value, opset13.concat([batch, [CHANNELS], height, two, width, two], 0), False)
    moved = opset13.transpose(divided, np.array(order))
    joined = opset13.reshape(moved, opset13.concat([batch, [4 * CHANNELS], height, width], 0), False)
    grouped = opset13.reshape(joined, opset13.concat([batch, [filters, -1], height, width], 0), False)
    if axis != 2:
        grouped = opset13.transpose(grouped, np.array([0, 2, 1, 3, 4]))
    return opset13.reduce_mean(grouped, np.array([axis]), False).output(0)


def block(filters: int, order: tuple[int, ...] = UNSHUFFLE, axis: int = 2) -> Callable[[Output], Output]:
    return lambda value: opset13.add(convolution(value, filters), means(value, filters, order, axis)).output(0)


def of_another(value: Output) -> Output:
    """Add the shortcut of another feature map."""
    return opset13.add(convolution(value, CHANNELS), means(opset13.relu(value).output(0), CHANNELS)).output(0)


def read_twice(value: Output) -> Output:
    """Use the convolution without the shortcut as well."""
    features = convolution(value, CHANNELS)
    return opset13.multiply(opset13.add(features, means(value, CHANNELS)), features).output(0)


def biased(value: Output) -> Output:
    """Add a bias that is stored in 16 bits."""
    bias = opset13.convert(opset13.constant(np.arange(CHANNELS, dtype=np.float16).reshape(1, -1, 1, 1)), "f32")
    return opset13.add(opset13.add(convolution(value, CHANNELS), bias), means(value, CHANNELS)).output(0)


def quantised(value: Output) -> Output:
    low, high = np.float32(-1), np.float32(1)  # clips
    rounded = opset13.fake_quantize(value, low, high, low, high, 256).output(0)
    return opset13.add(convolution(rounded, CHANNELS), means(value, CHANNELS)).output(0)


FOLDED = {
    "twice the channels": block(2 * CHANNELS),
    "the same channels": block(CHANNELS),
    "fewer channels": block(CHANNELS // 2),
    "biased": biased,
    "the other way round": lambda value: opset13.add(means(value, CHANNELS), convolution(value, CHANNELS)).output(0),
}
OTHERS = {
    "another order": block(CHANNELS, (0, 1, 5, 3, 2, 4)),
    "other means": block(CHANNELS, axis=1),
    "another feature map": of_another,
    "quantised": quantised,
    "read twice": read_twice,
    "no convolution": lambda value: opset13.add(means(value, CHANNELS), np.float32(1)).output(0),
}


@pytest.mark.parametrize("name", [*FOLDED, *OTHERS])
def test_the_same_as_two_operations(name: str) -> None:
    apart = small_graph({**FOLDED, **OTHERS}[name], CHANNELS, SIZE)
    folded = apart.clone()
    fold_shortcuts(folded)
    assert ("ReduceMean" not in kinds(folded)) == (name in FOLDED)
    assert psnr(answer(folded), answer(apart)) >= 115


def test_activations_are_not_quantised_where_that_beats_8_bit() -> None:
    folded = small_graph(quantised, CHANNELS, SIZE)
    fold_shortcuts(folded, beats_8_bit=True)
    assert "ReduceMean" not in kinds(folded)
    assert psnr(answer(folded), answer(small_graph(block(CHANNELS), CHANNELS, SIZE))) >= 115
