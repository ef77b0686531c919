"""Presets mean the same to Python, to `/generate` and files of prompts, and to OpenAI's clients."""

import dataclasses
from typing import Any

import pytest

from pipeline import SanaPipeline
from pipeline.domain.errors import SettingsError
from pipeline.domain.families import SPRINT
from pipeline.domain.model import ModelDescription
from pipeline.domain.presets import preset_of, presets
from pipeline.domain.request import Request
from pipeline.page.words import English
from tests.descriptions import MODEL

DRAFTED = dataclasses.replace(MODEL, has_draft_decoder=True)
SPRINT_MODEL = dataclasses.replace(MODEL, family=SPRINT, defaults={**MODEL.defaults, "num_inference_steps": 2})


@pytest.mark.parametrize(
    ("model", "given", "steps", "draft"),
    [
        (MODEL, {}, 20, False),
        (MODEL, {"preset": "balanced"}, 12, False),
        (MODEL, {"preset": "fastest"}, 9, False),
        (DRAFTED, {"preset": "fastest"}, 9, True),
        (DRAFTED, {"preset": "fastest", "draft_decode": False}, 9, True),  # forms always send their switches
        (DRAFTED, {"preset": "fastest", "num_inference_steps": 20}, 20, True),
        (DRAFTED, {"preset": "exact", "draft_decode": True}, 20, True),
        (SPRINT_MODEL, {"preset": "fastest"}, 2, False),
    ],
)
def test_given_values_win_over_a_preset(
    model: ModelDescription, given: dict[str, Any], steps: int, draft: bool
) -> None:
    settings = Request(model, {"prompt": "a house", **given}).settings()
    assert (settings.num_inference_steps, settings.draft_decode) == (steps, draft)


def test_a_preset_keeps_what_a_picture_asks_for() -> None:
    request = Request(
        dataclasses.replace(MODEL, has_vae_encoder=True), {"preset": "balanced", "image": "0" * 64}, (320, 192)
    )
    assert (request.values["width"], request.values["num_inference_steps"]) == (320, 12)


def test_python_takes_presets_and_refuses_others(pipe: SanaPipeline) -> None:
    steps = pipe.model.defaults["num_inference_steps"]
    assert pipe.settings("a house", preset="balanced").num_inference_steps == round(0.6 * steps)
    assert pipe.settings("a house", preset="balanced", num_inference_steps=3).num_inference_steps == 3
    assert pipe.settings("a house", preset=None).num_inference_steps == steps
    for preset in ("draft", 1, ""):
        with pytest.raises(SettingsError, match=r"There is no preset .*; there are: exact, balanced, fastest"):
            pipe.settings("a house", preset=preset)


def test_a_preset_is_told_from_its_values() -> None:
    assert list(presets(DRAFTED)) == ["exact", "balanced", "fastest"]
    assert list(presets(SPRINT_MODEL)) == ["exact"]
    assert [preset_of(values, DRAFTED) for values in presets(DRAFTED).values()] == ["exact", "balanced", "fastest"]
    assert preset_of({"num_inference_steps": 11, "draft_decode": False}, DRAFTED) is None
    assert English().presets({"exact": 20, "balanced": 12, "fastest": 9}) == (
        "Fewer steps change details: 12, 9 in place of 20."
    )
    assert English().presets({"exact": 2, "fastest": 2}) == "The fastest simplifies fine detail."
