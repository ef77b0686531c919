"""What the machine can do at best: `python -m tests.benchmark.peak` prints FLOP/s by precision as JSON.

The best is a product of two large matrices, by torch or OpenVINO, whichever is faster. Without instructions for bf16,
torch takes a minute for one such product, so only OpenVINO is measured there.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import torch
from openvino import opset13

SIDE = 2048
TRIES = 5
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def measure() -> dict[str, float]:
    a, b = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    seconds = {name: _of_openvino(a, b, name) for name in TYPES}
    known = [name for name in TYPES if name.upper().replace("F32", "FP32") in _capabilities()]
    seconds |= {name: min(seconds[name], _of_torch(a, b, name)) for name in known}
    return {name: 2 * SIDE**3 / seconds[name] for name in TYPES}


def _capabilities() -> list[str]:
    return ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _of_torch(a: torch.Tensor, b: torch.Tensor, precision: str) -> float:
    a, b = a.to(TYPES[precision]), b.to(TYPES[precision])
    return _seconds(lambda: a @ b)


def _of_openvino(a: torch.Tensor, b: torch.Tensor, precision: str) -> float:
    inputs = [opset13.parameter([SIDE, SIDE], np.float32) for _ in range(2)]
    model = ov.Model([opset13.matmul(*inputs, False, False)], inputs)
    product = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return _seconds(lambda: product([a.numpy(), b.numpy()]))


def _seconds(call: Callable[[], Any]) -> float:
    """Return the shortest time of several tries."""
    spent = []
    for _ in range(TRIES):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent)


if __name__ == "__main__":
    print(json.dumps(measure()))
