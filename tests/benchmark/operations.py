"""Where the time goes: `python -m tests.benchmark.operations IR_DIR [--size 1024]`.

It draws a picture in two steps, after one that compiles, and adds up OpenVINO's counters for the transformer and for
the decoder by kind of operation and by the type that it computes in.
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from pipeline import SanaPipeline
from pipeline.runtime import device
from pipeline.runtime.compiled_model import CompiledModel, TransformerModel
from pipeline.runtime.segment_model import SegmentModel

from .report import table

SMALLEST = 0.01  # of the time of a model; what takes less is added up
PARTS = {TransformerModel: "transformer", SegmentModel: "decoder"}


def measure(folder: Path, size: int) -> dict[str, Counter[str]]:
    """Return the seconds of each kind of operation in transformer and decoder."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    config, call = device.compile_config, CompiledModel.__call__

    def counting(*arguments: Any, **more: Any) -> dict[str, Any]:
        return {**config(*arguments, **more), "PERF_COUNT": True}

    def recorded(model: CompiledModel, inputs: dict[str, np.ndarray]) -> np.ndarray:
        answer = call(model, inputs)
        assert model._request is not None
        for each in model._request.get_profiling_info():
            kind = f"{each.node_type} in {each.exec_type.rpartition('_')[2]}"
            counted[PARTS.get(type(model), "")][kind] += each.real_time.total_seconds()
        return answer

    with patch.object(device, "compile_config", counting), patch.object(CompiledModel, "__call__", recorded):
        pipe = SanaPipeline.from_pretrained(str(folder))
        for seed in (0, 1):
            counted.clear()
            pipe("a red house", width=size, height=size, num_inference_steps=2, seed=seed)
    return {part: counted[part] for part in PARTS.values()}


def report(counted: dict[str, Counter[str]]) -> str:
    parts = []
    for part, kinds in counted.items():
        whole = kinds.total()
        shown = [(kind, seconds) for kind, seconds in kinds.most_common() if seconds >= SMALLEST * whole]
        others = whole - sum(seconds for _, seconds in shown)
        rows = [[kind, f"{seconds:.2f} s", f"{seconds / whole:.0%}"] for kind, seconds in [*shown, ("others", others)]]
        parts.append(table([f"{part}, {whole:.1f} s", "time", "share"], rows))
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.operations", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="IR_DIR")
    parser.add_argument("--size", type=int, default=1024, help="pixels of a side (default: %(default)s)")
    options = parser.parse_args()
    print(report(measure(options.folder, options.size)))


if __name__ == "__main__":
    main()
