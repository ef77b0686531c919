"""The side of this project: `python -m tests.benchmark.side_ours TASK` prints what it measured as JSON."""

import json
import sys
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from pipeline import SanaError, SanaPipeline
from pipeline.domain.size_parameters import MAX_SIZE, MIN_SIZE
from pipeline.runtime.compiled_model import CompiledModel

from .stages import Stages
from .task import GUIDANCE, SEED, Task


def measure(task: Task) -> dict[str, Any]:
    stages = Stages()
    call = CompiledModel.__call__

    def watched(model: CompiledModel, inputs: dict[str, np.ndarray]) -> np.ndarray:
        name = stage_of(inputs)
        stages.precisions[name] = model.precision
        with stages.stage(name):
            return call(model, inputs)

    with patch.object(CompiledModel, "__call__", watched):
        pipe = SanaPipeline.from_pretrained(task.model)
        # a size costs the same whether or not the model was trained for it
        pipe.model = replace(pipe.model, min_size=MIN_SIZE, max_size=MAX_SIZE)

        def draw(prompt: str, size: int, steps: int, images: int) -> list[Any]:
            return pipe(
                prompt,
                width=size,
                height=size,
                num_inference_steps=steps,
                guidance_scale=GUIDANCE,
                seed=SEED,
                num_images_per_prompt=images,
                use_resolution_binning=False,
                draft_decode=task.draft,
            ).images

        return stages.measure(draw, task)


def stage_of(inputs: dict[str, np.ndarray]) -> str:
    """Return the stage that has inputs of these names."""
    if "input_ids" in inputs:
        return "text_encoder"
    return "transformer" if "encoder_hidden_states" in inputs else "vae_decoder"


if __name__ == "__main__":
    try:
        print(json.dumps(measure(Task.from_json(sys.argv[1]))))
    except SanaError as error:  # a size that does not fit, for one
        print(json.dumps({"refused": str(error)}))
