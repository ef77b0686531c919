import dataclasses

import pytest
from diffusers.image_processor import PixArtImageProcessor
from diffusers.pipelines.pixart_alpha import pipeline_pixart_alpha, pipeline_pixart_sigma
from diffusers.pipelines.sana import pipeline_sana

from pipeline.domain.bins import NATIVE_SIDES, nearest_bin
from pipeline.domain.families import FLOW, SPRINT, Family
from pipeline.domain.resolutions import shape_of, shapes
from pipeline.domain.settings import STYLE
from pipeline.domain.styles import STYLES, apply_style, split_style
from pipeline.page.words import English
from tests.descriptions import MODEL


@pytest.mark.parametrize("family", [FLOW, SPRINT])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("prompt", "negative"), [("a red house", ""), ("{prompt} <b>", "fog, rain")])
def test_a_style_is_told_apart_from_what_was_typed(style: str, family: Family, prompt: str, negative: str) -> None:
    negative = negative if family.has_negative_prompt else ""
    assert split_style(*apply_style(style, prompt, negative, family), family) == (style, prompt, negative)


def test_a_style_puts_words_around_the_prompt_and_before_what_to_avoid() -> None:
    assert apply_style("pixel-art", "a cat", "fog", FLOW) == (
        "pixel-art a cat . low-res, blocky, pixel art style, 8-bit graphics",
        "sloppy, messy, blurry, noisy, highly detailed, ultra textured, photo, realistic, fog",
    )
    assert apply_style("Pixel art", "a cat", "", SPRINT)[1] == ""
    assert "left out" in English().style_effect("pixel-art", has_negative_prompt=False)
    assert "8-bit graphics" in English().style_effect("pixel-art", has_negative_prompt=True)
    assert STYLE.problem("Pixel art") is STYLE.problem("pixel-art") is None
    assert "no style 'oil'" in STYLE.problem("oil").sentence


# The sizes of diffusers' pipelines, by the model's native side in pixels.
BINS = {
    512: pipeline_pixart_alpha.ASPECT_RATIO_512_BIN,
    1024: pipeline_pixart_alpha.ASPECT_RATIO_1024_BIN,
    2048: pipeline_pixart_sigma.ASPECT_RATIO_2048_BIN,
    4096: pipeline_sana.ASPECT_RATIO_4096_BIN,
}


@pytest.mark.parametrize("native", NATIVE_SIDES)
def test_the_nearest_bin_is_that_of_diffusers(native: int) -> None:
    sizes = [(round(native * 2 ** (step / 40)), native) for step in range(-100, 101)]
    sizes += [(int(width), int(height)) for height, width in BINS[native].values()]
    for width, height in sizes:
        expected = PixArtImageProcessor.classify_height_width_bin(height, width, BINS[native])
        assert nearest_bin(width, height, native) == expected[::-1]


@pytest.mark.parametrize("native", NATIVE_SIDES)
def test_shapes_are_sizes_that_the_model_was_trained_at(native: int) -> None:
    model = dataclasses.replace(MODEL, native_size=native, max_size=2 * native)
    trained = {(int(width), int(height)) for height, width in BINS[native].values()}
    assert len(shapes(model)) == 5
    assert set(shapes(model).values()) <= trained


def test_shapes_of_a_model_without_bins_keep_its_limits_and_its_pixels() -> None:
    for name, (width, height) in shapes(MODEL).items():
        assert 128 <= min(width, height) <= max(width, height) <= 384
        assert width % 32 == height % 32 == 0
        assert shape_of(width, height, MODEL) == name
    assert shape_of(256, 384, MODEL) is None
