"""Small graphs for the tests of their rewriting."""

from collections.abc import Callable

import numpy as np
import openvino as ov
from openvino import Output, opset13

from pipeline.runtime.device import Device


def small_graph(build: Callable[[Output], Output], channels: int, size: tuple[int, int]) -> ov.Model:
    """Return the graph that `build` adds to an input f32 [1, C, h, w]."""
    value = opset13.parameter([1, channels, *size], np.float32)
    return ov.Model([opset13.result(build(value.output(0)))], [value])


def kinds(graph: ov.Model) -> list[str]:
    """Return the type of each operation."""
    return [each.get_type_name() for each in graph.get_ops()]


def answer(graph: ov.Model) -> np.ndarray:
    """Return the output for a random input, the same for each graph of that size."""
    value = np.random.default_rng(1).normal(size=graph.inputs[0].get_shape()).astype(np.float32)
    return Device().compile(graph)(value)[0]
