"""The first-block cache: when the deep blocks are computed, what the pictures are, and which form is in memory."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from pipeline import SanaError
from pipeline.blocks import STATES
from pipeline.first_block_cache import FirstBlockCache
from pipeline.image import read_settings, write_png
from pipeline.page.controls import options
from pipeline.page.description import describe_manifest
from tests.test_parity import FLOOR, Pair

STEPS = 12


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return Pair(tmp_path_factory.mktemp("cache"), sample_size=8)


class Deep(torch.nn.Module):
    """Stands for all blocks of a diffusers' transformer but the first, and caches as said in `first_block_cache`."""

    def __init__(self, blocks, threshold):
        super().__init__()
        self.blocks, self.threshold = blocks, threshold
        self.known, self.added, self.computed = torch.full((1,), torch.inf), torch.zeros(1), 0

    def forward(self, states, *others):
        if not (states - self.known).abs().mean() / self.known.abs().mean() <= self.threshold:
            after = states
            for block in self.blocks:
                after = block(after, *others)
            self.known, self.added, self.computed = states, after - states, self.computed + 1
        return states + self.added


@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.5])
def test_the_picture_is_that_of_diffusers_blocks_with_such_a_cache(pair, threshold):
    theirs = pair.theirs.transformer
    first, *deep = blocks = theirs.transformer_blocks
    cached = Deep(deep, threshold)
    values = {"prompt": "a red house", "num_inference_steps": STEPS, "width": 256, "height": 256}
    exact, ours = (
        pair.ours(**values, seed=5, output_type="np", cache_threshold=each).images for each in (0.0, threshold)
    )
    theirs.transformer_blocks = torch.nn.ModuleList([first, cached])
    them = pair.theirs(
        **values,
        generator=torch.Generator("cpu").manual_seed(5),
        use_resolution_binning=False,
        output_type="np",
        **pair.instruction,
    ).images
    theirs.transformer_blocks = blocks
    assert 1 <= cached.computed < STEPS
    error = np.mean((ours - them) ** 2)
    assert -10 * np.log10(error) >= FLOOR
    assert np.mean((ours - exact) ** 2) > error


def piece(calls, name, answer):
    def infer(inputs):
        calls.append(name)
        return answer(inputs)

    return infer


def test_deep_blocks_are_computed_when_the_first_has_changed_enough():
    calls = []
    cache = FirstBlockCache(
        piece(calls, "first", lambda inputs: inputs["x"]),
        piece(calls, "deep", lambda inputs: 3 * inputs[STATES]),
        piece(calls, "last", lambda inputs: inputs[STATES]),
        threshold=0.1,
    )

    def step(value, count=4):
        calls.clear()
        return cache({"x": np.full(count, value, np.float32)})[0], "deep" in calls

    assert step(1.0) == (3.0, True)
    assert step(1.05) == (pytest.approx(3.05), False)
    assert step(1.09) == (pytest.approx(3.09), False)  # still compared with the step that was computed
    assert step(1.2) == (pytest.approx(3.6), True)
    assert step(1.2, count=8) == (pytest.approx(3.6), True)


def test_one_form_of_the_transformer_is_in_memory_and_the_next_exact_picture_is_the_same(pair):
    transformer = pair.ours._stages._transformer

    def draw(threshold):
        return pair.ours("a moon", num_inference_steps=3, cache_threshold=threshold, output_type="np").images

    before = draw(0.0)
    draw(0.1)
    spent = transformer.seconds
    assert transformer._whole._compiled is None
    assert len(transformer._pieces) == 3
    after = draw(0.0)
    assert transformer._pieces == []
    assert transformer.seconds > spent  # what the pieces took is not forgotten
    assert np.array_equal(before, after)


def test_it_is_kept_with_the_picture(pair, tmp_path):
    write_png(pair.ours("a moon", num_inference_steps=1, cache_threshold=0.1).images[0], tmp_path / "moon.png")
    assert read_settings(tmp_path / "moon.png").cache_threshold == 0.1


@pytest.mark.parametrize("threshold", [-0.1, 0.51, float("nan"), "0.1", True, None])
def test_other_thresholds_are_refused(pair, threshold):
    with pytest.raises(SanaError, match=r"The cache threshold must be a number from 0 to 0.5"):
        pair.ours.settings("a moon", cache_threshold=threshold)


def test_sprint_has_none(pair):
    sprint = copy.copy(pair.ours)
    sprint.manifest = dataclasses.replace(pair.ours.manifest, family="sprint")
    with pytest.raises(SanaError, match="too few steps"):
        sprint.settings("a moon", cache_threshold=0.1)
    assert not options("cache_threshold", describe_manifest(sprint.manifest, 8))["visible"]
    assert options("cache_threshold", describe_manifest(pair.ours.manifest, 8))["visible"]
