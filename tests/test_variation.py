"""Variations: the noise between two seeds, and its settings in requests, records, links and names."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.domain.errors import SettingsError
from pipeline.domain.request import Request
from pipeline.domain.settings import MAX_SEED, GenerationSettings
from pipeline.generation.metadata import describe, read_settings, to_image, write_png
from pipeline.generation.variation import interpolate
from pipeline.interfaces.automatic1111.drawing_request import read_drawing
from pipeline.jobs.models import Models
from pipeline.page.link import read_link, write_link
from pipeline.page.picture_files import file_name
from tests.descriptions import MODEL
from tests.painter import RUN, Painter

VARIED: dict[str, Any] = {"variation_seed": 9, "variation_strength": 0.25}
SETTINGS = GenerationSettings("a house", seed=5, num_images_per_prompt=3, **VARIED)


def noise(seed: int) -> torch.Tensor:
    """Return the noise of two pictures, each of length 1."""
    drawn = torch.randn((2, 32, 8, 8), generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.flatten(1).norm(dim=1)[:, None, None, None]


def angle(one: torch.Tensor, two: torch.Tensor) -> float:
    return float(torch.acos(torch.cosine_similarity(one.flatten().double(), two.flatten().double(), dim=0)))


def test_the_noise_is_on_the_arc_between_two() -> None:
    one, two = noise(1), noise(2)
    assert torch.equal(interpolate(one, two, 0.0), one)
    assert torch.equal(interpolate(one, two, 1.0), two)
    assert torch.equal(interpolate(one, one, 0.5), one)
    for picture in range(2):
        whole, part = angle(one[picture], two[picture]), interpolate(one, two, 0.25)[picture]
        assert angle(one[picture], part) == pytest.approx(whole / 4, abs=1e-4)
        assert angle(part, two[picture]) == pytest.approx(whole * 3 / 4, abs=1e-4)
        assert float(part.norm()) == pytest.approx(1.0, abs=1e-4)
    assert torch.equal(interpolate(one[:1], two[:1], 0.25), interpolate(one, two, 0.25)[:1])


def test_pictures_of_a_variation_differ_by_its_own_seed() -> None:
    own = [SETTINGS.of_picture(index) for index in range(3)]
    assert [(each.seed, each.variation_seed) for each in own] == [(5, 9), (5, 10), (5, 11)]
    assert len({file_name(each) for each in own}) == 3
    assert file_name(GenerationSettings("a house", seed=5)) == "sana-a-house-5"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({**VARIED, "variation_seed": MAX_SEED}, "variation seed must be at most 4294967293 for 3 images"),
        ({"variation_seed": -1}, "variation seed must be a whole number from 0 to 4294967295, not -1"),
        ({"variation_strength": 1.5}, "variation strength must be a number from 0 to 1, not 1.5"),
        ({"variation_strength": "much"}, "variation strength must be a number"),
    ],
)
def test_a_variation_is_refused_in_one_sentence(values: dict[str, Any], message: str) -> None:
    for random in (False, True):
        (problem,) = (
            Request(MODEL, {"prompt": "a house", "num_images": 3, "randomize_seed": random, **values})
            .problems()
            .values()
        )
        assert message in problem.sentence
    with pytest.raises(SettingsError, match=message):
        GenerationSettings("a house", num_images_per_prompt=3, **values)


def test_the_last_seed_may_be_that_of_a_variation() -> None:
    assert Request(MODEL, {"prompt": "a house", "num_images": 3, "seed": MAX_SEED, **VARIED}).problems() == {}
    assert (
        GenerationSettings("a house", seed=MAX_SEED, num_images_per_prompt=3, **VARIED).of_picture(2).seed == MAX_SEED
    )


def test_a_variation_is_in_the_record_and_nothing_of_it_is_elsewhere(tmp_path: Path) -> None:
    own = SETTINGS.of_picture(2)
    texts = describe(own, MODEL, RUN, {})
    write_png(to_image(torch.zeros(8, 8, 3).numpy(), texts), tmp_path / "a.png")
    assert read_settings(tmp_path / "a.png") == own
    assert "Variation seed: 11, Variation seed strength: 0.25" in texts["parameters"]
    plain = describe(GenerationSettings("a house"), MODEL, RUN, {})
    assert not set(VARIED) & json.loads(plain["sana"])["settings"].keys()
    assert "Variation" not in plain["parameters"]


def test_a_link_holds_a_variation() -> None:
    query = write_link({"prompt": "house", "seed": 5, **VARIED})
    values, problems = read_link(query, Models([Painter()]))
    assert problems == []
    assert {name: values[name] for name in VARIED} == VARIED


def test_automatic1111_calls_it_a_subseed() -> None:
    def read(**fields: Any) -> tuple[dict[str, Any], list[str]]:
        drawing = read_drawing({"prompt": "a house", **fields}, Models([Painter()]), None, False)
        return {name: drawing.values[name] for name in VARIED if name in drawing.values}, drawing.ignored

    assert read(subseed=9, subseed_strength=0.25) == (VARIED, [])
    drawn, _ = read(subseed=-1, subseed_strength=0.25)
    assert 0 <= drawn["variation_seed"] <= MAX_SEED
    assert read(subseed=-1, subseed_strength=0) == ({}, [])
    assert read(subseed=9, subseed_strength=0) == ({}, ["subseed"])
