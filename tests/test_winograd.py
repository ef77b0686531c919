"""Convolutions by Winograd's filtering: same answers as direct ones, in graphs of every kind."""

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import Node, Output, opset13

from pipeline.model_folder.parity import psnr
from pipeline.runtime.device import Device
from pipeline.runtime.graph import winograd_phases
from pipeline.runtime.graph.winograd_phases import use_winograd
from tests.small_graphs import answer, small_graph

SIZE = (8, 12)
CHANNELS = 6


@pytest.fixture(autouse=True)
def however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd_phases, "MIN_CHANNELS", 4)
    monkeypatch.setattr(winograd_phases, "MIN_TILES", 0)
    monkeypatch.setattr(winograd_phases, "MIN_FLOP", 0)


def convolution(
    value: Output, filters: int = CHANNELS, *, kernel: int = 3, stride: int = 1, weights: Node | None = None
) -> Output:
    channels = value.get_shape()[1]
    if weights is None:
        shape = (filters, channels, kernel, kernel)
        weights = opset13.constant(np.random.default_rng(filters).normal(size=shape).astype(np.float32))
    pad = [kernel // 2] * 2
    return opset13.convolution(value, weights, [stride] * 2, pad, pad, [1, 1]).output(0)


def transposed(value: Output, *order: int) -> Output:
    return opset13.transpose(value, np.array(order)).output(0)


def doubled(value: Output, nearest_mode: str = "floor") -> Output:
    scales = np.array([2, 2], np.float32)
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": nearest_mode}
    return opset13.interpolate(value, scales, "nearest", "scales", axes=np.array([2, 3]), **how).output(0)


def plus(first: Output, second: Output) -> Output:
    return opset13.add(first, second).output(0)


def resnet_block(value: Output) -> Output:
    """Add a block like DC-AE's, whose norm has the channels last."""
    inner = opset13.swish(convolution(value)).output(0)
    last = transposed(convolution(inner), 0, 2, 3, 1)
    mean = opset13.reduce_mean(opset13.power(last, np.float32(2)), np.array([-1]), True)
    scale = np.arange(1, CHANNELS + 1, dtype=np.float32)
    normed = opset13.multiply(opset13.divide(last, opset13.sqrt(mean)), scale).output(0)
    return plus(value, transposed(normed, 0, 3, 1, 2))


def small_weights(value: Output) -> Output:
    """Add a convolution by 8-bit weights with a zero point and a scale."""
    rng = np.random.default_rng(0)
    stored = opset13.constant(rng.integers(0, 255, (CHANNELS, CHANNELS, 3, 3)).astype(np.uint8))
    moved = opset13.subtract(opset13.convert(stored, "f32"), np.full((CHANNELS, 1, 1, 1), 128, np.float32))
    return convolution(value, weights=opset13.multiply(moved, rng.random((CHANNELS, 1, 1, 1), np.float32)))


def with_channels_last(value: Output) -> Output:
    """Add a value that is not in phases to one that is, both with the channels last."""
    return plus(transposed(convolution(value), 0, 2, 3, 1), transposed(value, 0, 2, 3, 1))


def pooled(value: Output) -> Output:
    """Multiply each channel by its mean over all pixels."""
    features = convolution(value)
    return opset13.multiply(features, opset13.reduce_mean(features, np.array([2, 3]), True)).output(0)


def shaded(value: Output) -> Output:
    """Multiply by a value that differs between pixels and has fewer axes."""
    return opset13.multiply(convolution(value), np.arange(SIZE[1], dtype=np.float32)).output(0)


def repeated(value: Output) -> Output:
    return opset13.gather(value, np.repeat(np.arange(CHANNELS), 4), np.int64(1)).output(0)


def shuffled(value: Output) -> Output:
    """Add a pixel shuffle as it is exported, with sizes that are read from a shape."""
    batch = opset13.gather(opset13.shape_of(value), np.array([0]), np.int64(0))
    sides = opset13.gather(opset13.shape_of(value), np.array([2, 3]), np.int64(0))
    divided = opset13.reshape(value, opset13.concat([batch, np.array([-1, 2, 2]), sides], 0), False)
    moved = opset13.transpose(divided, np.array([0, 1, 4, 2, 5, 3]))
    doubled_sides = opset13.multiply(sides, np.int64(2))
    return opset13.reshape(moved, opset13.concat([batch, np.array([-1]), doubled_sides], 0), False).output(0)


def up_block(value: Output) -> Output:
    """Add a block like those of DC-AE that double the size."""
    return plus(convolution(doubled(value)), shuffled(repeated(value)))


def given_last(value: Output) -> Output:
    """Take the channels from last to first, and back in the convolution."""
    return up_block(transposed(transposed(value, 0, 2, 3, 1), 0, 3, 1, 2))


def flattened(value: Output) -> Output:
    """Flatten the positions after moving the channels last, an order that phases do not know."""
    last = transposed(convolution(value), 0, 2, 3, 1)
    return opset13.relu(opset13.reshape(last, np.array([1, -1, CHANNELS]), False)).output(0)


GRAPHS = {
    "alone": (convolution, 1),
    "other channels": (lambda value: convolution(convolution(value, 10), 4), 2),
    "block": (lambda value: resnet_block(resnet_block(value)), 4),
    "doubled": (lambda value: convolution(doubled(value)), 1),
    "block, doubled": (lambda value: resnet_block(convolution(doubled(resnet_block(value)))), 5),
    "doubled in phases": (lambda value: convolution(doubled(convolution(value))), 2),
    "otherwise doubled": (lambda value: convolution(doubled(value, "ceil")), 1),
    "up block": (up_block, 1),
    "up block after channels last": (given_last, 1),
    "shuffled": (lambda value: plus(convolution(doubled(value)), shuffled(convolution(value, 24, kernel=1))), 1),
    "small weights": (small_weights, 1),
    "picture added": (lambda value: convolution(plus(convolution(value), value)), 2),
    "channels last": (with_channels_last, 1),
    "pooled": (pooled, 1),
    "shaded": (shaded, 1),
    "flattened": (flattened, 1),
    "few channels": (lambda value: convolution(convolution(value), 3), 1),
    "1x1": (lambda value: convolution(convolution(value), kernel=1), 1),
    "stride": (lambda value: convolution(convolution(value, stride=2)), 0),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_same_as_direct_convolutions(name: str) -> None:
    """As many 3x3 convolutions as GRAPHS says are gone."""
    build, replaced = GRAPHS[name]
    direct = model(build)
    rewritten = direct.clone()
    use_winograd(rewritten)
    assert kernels(direct).count(3) - kernels(rewritten).count(3) == replaced
    assert psnr(answer(rewritten), answer(direct)) >= 115


def test_features_stay_in_phases_from_one_convolution_to_the_next() -> None:
    """They are split once and joined once around two blocks with all operations of Sana's decoder."""
    rewritten = model(lambda value: resnet_block(resnet_block(convolution(value))))
    use_winograd(rewritten)
    ranks = [len(each.get_output_shape(0)) for each in rewritten.get_ops() if each.get_type_name() == "Transpose"]
    assert ranks.count(5) == 2


def test_each_transform_is_one_pass_over_memory() -> None:
    """Rows and columns have three passes each, two for the input and one for the output; so have all six points."""
    rewritten = model(convolution, (32, 32))
    use_winograd(rewritten)
    executed = Device().compile(rewritten).get_runtime_model().get_ordered_ops()
    kinds = [each.get_rt_info()["layerType"] for each in executed]
    assert kinds.count("Subgraph") == 3 + 6 * 3
    assert not {"Eltwise", "Reorder"} & set(kinds)


def test_nothing_is_split_for_a_sum_behind_the_last_convolution() -> None:
    """The sum is that of a block of attention, which does not read phases."""
    rewritten = model(with_channels_last)
    use_winograd(rewritten)
    ranks = [len(each.get_output_shape(0)) for each in rewritten.get_ops() if each.get_type_name() == "Transpose"]
    assert ranks.count(5) == 2


@pytest.mark.parametrize("size", [(6, 8), (8, 6), (7, 7)])
def test_a_picture_that_is_not_of_whole_tiles_is_computed_directly(size: tuple[int, int]) -> None:
    direct = model(convolution, size)
    rewritten = direct.clone()
    use_winograd(rewritten)
    assert kernels(rewritten) == [3]


def test_quantised_activations_stay() -> None:
    """OpenVINO computes these convolutions in 8 bits."""
    low, high = np.float32(-3), np.float32(3)
    quantised = model(lambda value: convolution(opset13.fake_quantize(value, low, high, low, high, 256).output(0)))
    use_winograd(quantised)
    assert kernels(quantised) == [3]


def test_activations_are_not_quantised_where_winograd_beats_8_bit() -> None:
    low, high = np.float32(-1), np.float32(1)  # clips
    exact = model(convolution)
    quantised = model(lambda value: convolution(opset13.fake_quantize(value, low, high, low, high, 256).output(0)))
    use_winograd(quantised, beats_8_bit=True)
    assert kernels(quantised) == []
    assert psnr(answer(quantised), answer(exact)) >= 115


@pytest.mark.parametrize("limit", ["MIN_CHANNELS", "MIN_TILES", "MIN_FLOP"])
def test_small_convolutions_do_not_pay(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd_phases, limit, 1e9)
    small = model(convolution)
    use_winograd(small)
    assert kernels(small) == [3]


def model(build: Callable[[Output], Output], size: tuple[int, int] = SIZE) -> ov.Model:
    return small_graph(build, CHANNELS, size)


def kernels(graph: ov.Model) -> list[int]:
    return [each.get_input_shape(1)[-1] for each in graph.get_ops() if each.get_type_name() == "Convolution"]
