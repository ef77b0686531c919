"""The settings of a picture as controls of the page: made for a model, fitted to another, filled with values."""

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from ..settings import MAX_GUIDANCE, MAX_IMAGES, MAX_SEED, MAX_STEPS, MIN_GUIDANCE, SIZE_MULTIPLE, GenerationSettings
from .description import Description
from .shapes import has_bins, shape_of, shapes
from .styles import NO_STYLE, STYLES, split_style

NO_NEGATIVE = "A Sprint model has none, so this is left empty."
DRAFT = "Draft decode: much faster, fine detail simplified"
NEGATIVE = "What to avoid. It has an effect where guidance is above 1."


@dataclass(frozen=True)
class Controls:
    """The parameters of a generation, in their order."""

    prompt: Any
    negative_prompt: Any
    style: Any
    width: Any
    height: Any
    num_inference_steps: Any
    guidance_scale: Any
    seed: Any
    randomize_seed: Any
    num_images: Any
    model: Any
    use_resolution_binning: Any
    draft_decode: Any

    @property
    def inputs(self) -> list[Any]:
        return [getattr(self, each.name) for each in fields(self)]

    def updates(self, values: dict[str, Any]) -> dict[Any, Any]:
        """What a handler returns to change some controls."""
        return {getattr(self, name): value for name, value in values.items()}


def options(name: str, model: Description) -> dict[str, Any]:
    """What a control of that name looks like for a model: its value and limits, and whether it means anything."""
    defaults = model.defaults
    size = {
        "info": f"{defaults.min_size} to {defaults.max_size}, by {SIZE_MULTIPLE}",
        "minimum": defaults.min_size,
        "maximum": defaults.max_size,
        "step": SIZE_MULTIPLE,
    }
    sprint = model.family == "sprint"
    every: dict[str, dict[str, Any]] = {
        "prompt": {"label": "Prompt", "lines": 1, "max_lines": 12, "autofocus": True},
        "negative_prompt": {
            "label": "Negative prompt",
            "info": NO_NEGATIVE if sprint else NEGATIVE,
            "interactive": not sprint,
            "value": "",
            "lines": 1,
            "max_lines": 6,
        },
        "style": {
            "label": "Style",
            "choices": [(style.label, key) for key, style in STYLES.items()],
            "value": NO_STYLE,
        },
        "width": {"label": "Width", "value": defaults.width, **size},
        "height": {"label": "Height", "value": defaults.height, **size},
        "num_inference_steps": {
            "label": "Steps",
            "minimum": 1,
            "maximum": MAX_STEPS,
            "step": 1,
            "precision": 0,
            "value": defaults.num_inference_steps,
        },
        "guidance_scale": {
            "label": "Guidance",
            "minimum": MIN_GUIDANCE,
            "maximum": MAX_GUIDANCE,
            "step": 0.1,
            "value": defaults.guidance_scale,
        },
        "seed": {"label": "Seed", "value": 0, "precision": 0, "minimum": 0, "maximum": MAX_SEED},
        "randomize_seed": {"label": "Random seed", "value": True},
        "num_images": {"label": "Pictures", "minimum": 1, "maximum": MAX_IMAGES, "step": 1, "precision": 0, "value": 1},
        "use_resolution_binning": {
            "label": "Draw at the nearest trained size, then scale",
            "value": True,
            "visible": has_bins(model.native),
        },
        "draft_decode": {"label": DRAFT, "value": False, "visible": model.has_draft},
        "shape": {
            "label": "Shape",
            "choices": list(shapes(defaults, model.native)),
            "value": shape_of(defaults.width, defaults.height, defaults, model.native),
        },
    }
    return every[name]


MODEL_SPECIFIC = (
    "negative_prompt",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "use_resolution_binning",
    "draft_decode",
)


def fit(model: Description) -> dict[str, Any]:
    """The updates of the controls that depend on the model, by name."""
    return {name: gr.update(**options(name, model)) for name in MODEL_SPECIFIC}


def filled(values: dict[str, Any], model: Description | None = None) -> dict[str, Any]:
    """The updates that put values into controls, by name; for a change of model, those of `fit` as well."""
    updates = fit(model) if model else {}
    return updates | {name: gr.update(**{**updates.get(name, {}), "value": value}) for name, value in values.items()}


def values_of(settings: GenerationSettings, family: str) -> dict[str, Any]:
    """The values of the controls, by name, that make these settings again: a fixed seed, and the style told apart."""
    style, prompt, negative_prompt = split_style(settings.prompt, settings.negative_prompt, family)
    return {
        "prompt": prompt,
        "negative_prompt": negative_prompt,
        "style": style,
        "width": settings.width,
        "height": settings.height,
        "num_inference_steps": settings.num_inference_steps,
        "guidance_scale": settings.guidance_scale,
        "seed": settings.seed,
        "randomize_seed": False,
        "num_images": settings.num_images_per_prompt,
        "use_resolution_binning": settings.use_resolution_binning,
        "draft_decode": settings.draft_decode,
    }
