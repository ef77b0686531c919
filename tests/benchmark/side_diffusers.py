"""The side of diffusers on torch: `python -m tests.benchmark.side_diffusers TASK` prints what it measured as JSON."""

import json
import sys
from typing import Any

import torch
from diffusers import SanaSprintPipeline

from .stages import STAGES, Stages
from .task import GUIDANCE, SEED, Task

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def measure(task: Task) -> dict[str, Any]:
    pipe = SanaSprintPipeline.from_pretrained(task.model, torch_dtype=TYPES[task.precision])
    stages = Stages()
    stages.precisions = dict.fromkeys(STAGES, task.precision)
    for name in ("text_encoder", "transformer"):
        model = getattr(pipe, name)
        model.forward = stages.timed(name, model.forward)
    pipe.vae.decode = stages.timed("vae_decoder", pipe.vae.decode)
    return stages.measure(drawing_with(pipe, task), task)


def drawing_with(pipe: Any, task: Task) -> Any:
    """Return `draw` for `Stages.measure`, for a pipeline with diffusers' interface."""
    pipe.set_progress_bar_config(disable=True)

    def draw(prompt: str, size: int, steps: int, images: int) -> list[Any]:
        return pipe(
            prompt,
            width=size,
            height=size,
            num_inference_steps=steps,
            intermediate_timesteps=1.3 if steps == 2 else None,
            guidance_scale=GUIDANCE,
            generator=torch.Generator("cpu").manual_seed(SEED),
            num_images_per_prompt=images,
            use_resolution_binning=False,
            complex_human_instruction=list(task.instruction),
        ).images

    return draw


if __name__ == "__main__":
    print(json.dumps(measure(Task.from_json(sys.argv[1]))))
