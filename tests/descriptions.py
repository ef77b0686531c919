"""The description of a model, for tests that need no model."""

from pipeline.domain.families import FLOW
from pipeline.domain.model import ModelDescription

MODEL = ModelDescription(
    source="owner/model",
    revision="0123abc",
    family=FLOW,
    compression="fp16",
    native_size=256,
    min_size=128,
    max_size=384,
    defaults={"width": 256, "height": 256, "num_inference_steps": 20, "guidance_scale": 4.5},
)
