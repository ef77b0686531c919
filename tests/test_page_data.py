import pytest

from pipeline.bins import BINS
from pipeline.errors import SettingsError
from pipeline.page.shapes import TRAINED_SIDES, shape_of, shapes
from pipeline.page.styles import STYLES, apply_style, describe_style, split_style
from pipeline.variants import Defaults


@pytest.mark.parametrize("family", ["flow", "sprint"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("prompt", "negative"), [("a red house", ""), ("{prompt} <b>", "fog, rain")])
def test_a_style_is_told_apart_from_what_was_typed(style, family, prompt, negative):
    negative = "" if family == "sprint" else negative
    assert split_style(*apply_style(style, prompt, negative, family), family) == (style, prompt, negative)


def test_a_style_puts_words_around_the_prompt_and_before_what_to_avoid():
    assert apply_style("pixel-art", "a cat", "fog", "flow") == (
        "pixel-art a cat . low-res, blocky, pixel art style, 8-bit graphics",
        "sloppy, messy, blurry, noisy, highly detailed, ultra textured, photo, realistic, fog",
    )
    assert apply_style("Pixel art", "a cat", "", "sprint")[1] == ""
    assert "left out" in describe_style("pixel-art", "sprint")
    assert "8-bit graphics" in describe_style("pixel-art", "flow")
    with pytest.raises(SettingsError, match="no style 'oil'"):
        apply_style("oil", "a cat", "", "flow")


@pytest.mark.parametrize("native", TRAINED_SIDES)
def test_shapes_are_sizes_that_the_model_was_trained_at(native):
    defaults = Defaults(native, native, 20, 4.5, 128, 2 * native)
    trained = {(int(width), int(height)) for height, width in BINS[native // 32].values()}
    assert len(shapes(defaults, native)) == 5
    assert set(shapes(defaults, native).values()) <= trained


def test_shapes_of_a_model_without_bins_keep_its_limits_and_its_pixels():
    defaults = Defaults(256, 256, 20, 4.5, 128, 384)
    for name, (width, height) in shapes(defaults, 256).items():
        assert 128 <= min(width, height) <= max(width, height) <= 384
        assert width % 32 == height % 32 == 0
        assert shape_of(width, height, defaults, 256) == name
    assert shape_of(256, 384, defaults, 256) is None
