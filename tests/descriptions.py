"""The description of a model and its source, for tests that need no model."""

from typing import Any

from pipeline.domain.families import FLOW
from pipeline.domain.model import ModelDescription
from pipeline.domain.progress import OnProgress

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


class Source:
    """The source of a model that is only described."""

    device = "CPU"

    def __init__(self, model: ModelDescription) -> None:
        self._model = model

    def describe(self) -> ModelDescription:
        return self._model

    def load(self, on_progress: OnProgress) -> Any:
        return self
