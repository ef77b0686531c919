import dataclasses
import inspect
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.domain.errors import SanaError, SettingsError
from pipeline.domain.families import FAMILIES, FLOW, SPRINT, Family
from pipeline.domain.parameters import Picture
from pipeline.domain.request import Request
from pipeline.domain.schedule_parameters import SCHEDULE_PARAMETERS, OptionalNumber, Times
from pipeline.domain.settings import PARAMETERS, SETTINGS, GenerationSettings
from tests.descriptions import MODEL


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"width": 128, "height": 4096},
        {"num_inference_steps": 1},
        {"num_inference_steps": 100},
        {"guidance_scale": 0},
        {"guidance_scale": 20.0},
        {"seed": 2**32 - 1},
        {"num_images_per_prompt": 8},
        {"use_resolution_binning": False},
        {"negative_prompt": "模糊 🌙"},
        {"prompt": "x" * 10_000},
        {"seed": 2**32 - 3, "num_images_per_prompt": 3},
        {"seed": 2**32 - 1, "num_images_per_prompt": 3, "batch_index": 2},
    ],
)
def test_valid_settings_are_kept_as_they_are(changes: dict[str, Any]) -> None:
    settings = GenerationSettings(**{"prompt": "a red house", **changes})
    assert {name: getattr(settings, name) for name in changes} == changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompt": ""}, "prompt is empty"),
        ({"prompt": " \n\t"}, "prompt is empty"),
        ({"prompt": None}, "prompt must be text, not None"),
        ({"prompt": ["a"]}, "prompt must be text"),
        ({"prompt": "x" * 10_001}, "at most 10,000 characters, not 10,001"),
        ({"prompt": "\ud800"}, "not valid Unicode"),
        ({"negative_prompt": None}, "negative prompt must be text"),
        ({"negative_prompt": "x" * 10_001}, "negative prompt must have at most"),
        ({"width": 0}, "width must be a multiple of 32 from 128 to 4096 pixels, not 0"),
        ({"width": -256}, "width must be"),
        ({"width": 96}, "width must be"),
        ({"width": 4128}, "width must be"),
        ({"width": 257}, "width must be"),
        ({"width": 256.5}, "width must be a multiple of 32 from 128 to 4096 pixels, not 256.5"),
        ({"width": "256"}, "width must be"),
        ({"height": 1000}, "height must be"),
        ({"height": True}, "height must be"),
        ({"num_inference_steps": 0}, "number of steps must be a whole number from 1 to 100, not 0"),
        ({"num_inference_steps": 101}, "number of steps"),
        ({"num_inference_steps": 20.5}, "number of steps"),
        ({"num_inference_steps": np.array([20])}, "number of steps"),
        ({"num_inference_steps": 1e300}, "number of steps"),
        ({"guidance_scale": -0.1}, "guidance scale must be a number from 0 to 20, not -0.1"),
        ({"guidance_scale": 20.1}, "guidance scale"),
        ({"guidance_scale": math.nan}, "guidance scale"),
        ({"guidance_scale": math.inf}, "guidance scale"),
        ({"guidance_scale": "4.5"}, "guidance scale"),
        ({"guidance_scale": True}, "guidance scale"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, not -1"),
        ({"seed": 2**32}, "seed must be"),
        ({"seed": 1.5}, "seed must be"),
        ({"seed": "1"}, "seed must be"),
        ({"seed": False}, "seed must be"),
        ({"seed": None}, "seed must be"),
        ({"num_images_per_prompt": 0}, "number of images"),
        ({"num_images_per_prompt": 9}, "number of images"),
        ({"use_resolution_binning": 1}, "binning must be true or false"),
        ({"seed": 2**32 - 2, "num_images_per_prompt": 3}, "seed must be at most 4294967293 for 3 images"),
        ({"num_images_per_prompt": 2, "batch_index": 2}, "batch index must be a whole number from 0 to 1, not 2"),
        ({"batch_index": True}, "batch index must be"),
    ],
)
def test_invalid_settings_are_refused_in_one_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        GenerationSettings(**{"prompt": "a red house", **changes})
    assert isinstance(caught.value, SanaError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 150


def test_settings_cannot_be_changed_behind_the_validation() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        GenerationSettings("a red house").width = 1  # type: ignore[misc]


@pytest.mark.parametrize("whole", [float, np.int64, np.uint8, np.float32, torch.tensor])
@pytest.mark.parametrize("number", [int, np.int32, np.float64, np.float16])
def test_the_same_number_makes_the_same_record_however_it_is_spelled(
    whole: Callable[[int], Any], number: Callable[[int], Any]
) -> None:
    values: dict[str, Any] = {
        "width": np.int64(256),
        "num_inference_steps": whole(3),
        "guidance_scale": number(4),
        "seed": whole(7),
        "num_images_per_prompt": whole(2),
        "batch_index": whole(1),
        "use_resolution_binning": np.bool_(False),
    }
    spelled = GenerationSettings(np.str_("a house"), **values)
    plain = GenerationSettings(
        "a house",
        width=256,
        num_inference_steps=3,
        guidance_scale=4.0,
        seed=7,
        num_images_per_prompt=2,
        batch_index=1,
        use_resolution_binning=False,
    )
    assert json.dumps(dataclasses.asdict(spelled)) == json.dumps(dataclasses.asdict(plain))


@pytest.mark.parametrize("seed", [-1, -1.0, np.int64(-1)])
def test_a_seed_of_minus_one_is_a_random_one(seed: Any) -> None:
    request = Request(MODEL, {"prompt": "a house", "seed": seed, "num_images": 8})
    assert request.problems() == {}
    seeds = {request.settings().seed for _ in range(4)}
    assert len(seeds) > 1
    assert "seed" in Request(MODEL, {"prompt": "a house", "seed": -2}).problems()


def test_the_table_and_the_record_hold_the_same_settings() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(GenerationSettings)}
    del fields["batch_index"]  # of pictures of earlier versions only
    assert list(fields) == [parameter.setting for parameter in SETTINGS]
    assert fields.pop("prompt") is dataclasses.MISSING
    assert fields == {each.setting: each.default for each in SETTINGS if each.name != "prompt"}
    annotations = inspect.get_annotations(GenerationSettings)
    optional = (Picture, OptionalNumber)
    types = {each.setting: each.type | None if isinstance(each, optional) else each.type for each in SETTINGS}
    types |= {each.setting: tuple[float, ...] | None for each in SETTINGS if isinstance(each, Times)}
    assert types == {name: annotations[name] for name in ("prompt", *fields)}
    assert len({parameter.name for parameter in PARAMETERS}) == len(PARAMETERS)


def test_each_picture_of_a_request_has_settings_of_its_own() -> None:
    settings = GenerationSettings("a house", seed=5, num_images_per_prompt=3)
    assert [settings.of_picture(index).seed for index in range(3)] == [5, 6, 7]
    assert {settings.of_picture(index).num_images_per_prompt for index in range(3)} == {1}
    alone = GenerationSettings("a house", seed=5)
    assert alone.of_picture(0) is alone
    old = dataclasses.replace(settings, batch_index=2)
    assert (old.picture_count, old.of_picture(0)) == (1, old)


def test_each_family_names_its_schedule_parameters() -> None:
    named = [name for family in FAMILIES.values() for name in family.schedule]
    assert sorted(named) == sorted(parameter.name for parameter in SCHEDULE_PARAMETERS)


@pytest.mark.parametrize(
    ("family", "values"),
    [
        (FLOW, {"flow_shift": 5}),
        (SPRINT, {"max_timesteps": 1.5, "num_inference_steps": 4}),
        (SPRINT, {"max_timesteps": 1.5, "intermediate_timesteps": 1, "num_inference_steps": 2}),
        (SPRINT, {"timesteps": [1.5708, 1.0, 0.3, 0], "num_inference_steps": 3}),
        (SPRINT, {"timesteps": "1.5708, 1.0, 0.3, 0", "num_inference_steps": 3}),
        (SPRINT, {"timesteps": np.array([1.5, 0.25]), "num_inference_steps": 1}),
        (SPRINT, {"timesteps": "", "max_timesteps": None}),
    ],
)
def test_the_schedule_of_a_family(family: Family, values: dict[str, Any]) -> None:
    request = Request(dataclasses.replace(MODEL, family=family), {"prompt": "a house", **values})
    assert request.problems() == {}
    settings = request.settings()
    assert settings == GenerationSettings(**dataclasses.asdict(settings)), "asdict is what a record keeps"
    listed = len(values.get("timesteps", ())) > 0
    assert settings.timesteps in ([(1.5708, 1.0, 0.3, 0.0), (1.5, 0.25)] if listed else [None])
    assert settings.flow_shift == values.get("flow_shift")


@pytest.mark.parametrize(
    ("family", "values", "message"),
    [
        (SPRINT, {"flow_shift": 3.0}, "A Sana-Sprint model has no flow shift: leave it empty."),
        (FLOW, {"max_timesteps": 1.5}, "A Sana model has no first time: leave it empty."),
        (FLOW, {"timesteps": [1.5, 0]}, "A Sana model has no list of times"),
        (FLOW, {"flow_shift": 0}, "flow shift must be a number from 0.1 to 20, not 0"),
        (FLOW, {"flow_shift": math.nan}, "flow shift must be a number"),
        (FLOW, {"flow_shift": "three"}, "flow shift must be a number from 0.1 to 20, not 'three'"),
        (SPRINT, {"max_timesteps": 1.58}, "first time must be a number from 0.01 to 1.5708, not 1.58"),
        (SPRINT, {"max_timesteps": True}, "first time must be a number"),
        (SPRINT, {"intermediate_timesteps": 1.0, "num_inference_steps": 4}, "second time is for two steps, not for 4"),
        (
            SPRINT,
            {"intermediate_timesteps": 1.4, "max_timesteps": 1.4, "num_inference_steps": 2},
            "second time must be below the first, 1.4, not 1.4",
        ),
        (SPRINT, {"timesteps": [1.5, 0], "num_inference_steps": 2}, "must have 3 numbers for 2 steps.*, not 2"),
        (SPRINT, {"timesteps": [1.5, 0], "num_inference_steps": 1, "max_timesteps": 1.5}, "first time is in the list"),
        (SPRINT, {"timesteps": [0.5, 1.5, 0], "num_inference_steps": 2}, "must be two or more falling numbers"),
        (SPRINT, {"timesteps": [1.6, 0], "num_inference_steps": 1}, "from at most 1.5708 to at least 0, not"),
        (SPRINT, {"timesteps": [1.5, -0.1], "num_inference_steps": 1}, "falling numbers"),
        (SPRINT, {"timesteps": [1.5, math.nan], "num_inference_steps": 1}, "falling numbers"),
        (SPRINT, {"timesteps": [1.5], "num_inference_steps": 1}, "falling numbers"),
        (SPRINT, {"timesteps": "1.5; 0", "num_inference_steps": 1}, "falling numbers"),
        (SPRINT, {"timesteps": 1.5, "num_inference_steps": 1}, "falling numbers"),
        (SPRINT, {"timesteps": [[1.5, 0]], "num_inference_steps": 1}, "falling numbers"),
    ],
)
def test_a_schedule_is_refused_in_one_sentence(family: Family, values: dict[str, Any], message: str) -> None:
    request = Request(dataclasses.replace(MODEL, family=family), {"prompt": "a house", **values})
    with pytest.raises(SettingsError, match=message) as caught:
        request.settings()
    assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError, match=message):  # as in Python, where settings are made first
        request.model.check(GenerationSettings("a house", width=256, height=256, **values))
