"""Presets: names for how much quality to give for time. They mean the same everywhere.

A preset stands for values of settings, which depend on the model. Values that are given win over it.
"""

from collections.abc import Mapping
from typing import Any

from .errors import SettingsError
from .model import ModelDescription
from .parameters import Choice
from .settings import DRAFT_DECODE, NUM_INFERENCE_STEPS

EXACT, BALANCED, FASTEST = PRESETS = ("exact", "balanced", "fastest")
PRESET = Choice(
    "preset",
    "Quality",
    "preset",
    '"exact", the model\'s own defaults; "balanced", fewer steps; or "fastest", still fewer, and the draft decoder, '
    "where the model has one. Steps that are given win.",
    default=EXACT,
    choices=PRESETS,
)

OF_PRESET = (NUM_INFERENCE_STEPS.name, DRAFT_DECODE.name)
"""The parameters that presets have values for."""


def checked_preset(value: object) -> str:
    """Return the preset that a value names; raise SettingsError if it names none."""
    if problem := PRESET.problem(value):
        raise SettingsError(problem)
    return str(PRESET.normalize(value))


def preset_values(preset: str, model: ModelDescription) -> dict[str, Any]:
    """Return the values that a preset has in place of the model's defaults, by parameter name."""
    values: dict[str, Any] = {}
    if preset in model.family.step_shares:
        steps = model.default(NUM_INFERENCE_STEPS) * model.family.step_shares[preset]
        values[NUM_INFERENCE_STEPS.name] = max(1, round(steps))
    if preset == FASTEST and model.has_draft_decoder:
        values[DRAFT_DECODE.name] = True
    return values


def presets(model: ModelDescription) -> dict[str, dict[str, Any]]:
    """Return the values of each preset of a model, by parameter name. Of two that are the same, the first counts."""
    found: dict[str, dict[str, Any]] = {}
    defaults = {each.name: model.default(each) for each in (NUM_INFERENCE_STEPS, DRAFT_DECODE)}
    for preset in PRESETS:
        values = defaults | preset_values(preset, model)
        if values not in found.values():
            found[preset] = values
    return found


def preset_of(values: Mapping[str, Any], model: ModelDescription) -> str | None:
    """Return the preset that stands for these values of steps and draft decoding; None if none does."""
    return next((preset for preset, own in presets(model).items() if own == dict(values)), None)
