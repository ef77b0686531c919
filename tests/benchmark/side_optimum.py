"""The side of optimum-intel, run in an environment of its own (see `optimum.py`); prints what it measured as JSON."""

import json
import sys
from typing import Any

from optimum.intel.openvino import OVSanaSprintPipeline

from .side_diffusers import drawing_with
from .stages import STAGES, Stages
from .task import Task


def measure(task: Task) -> dict[str, Any]:
    config = {"INFERENCE_PRECISION_HINT": task.precision} if task.precision else {}
    pipe = OVSanaSprintPipeline.from_pretrained(task.model, ov_config=config)
    stages = Stages()
    for name in STAGES:
        part = getattr(pipe, name)
        part.forward = stages.timed(name, part.forward)
        stages.precisions[name] = part.request.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    return stages.measure(drawing_with(pipe, task), task)


if __name__ == "__main__":
    print(json.dumps(measure(Task.from_json(sys.argv[1]))))
