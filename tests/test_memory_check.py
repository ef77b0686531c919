"""A picture that does not fit the free memory is refused before any work, naming the largest that does."""

import pytest

from pipeline.domain.errors import SettingsError
from pipeline.generation import memory_check
from pipeline.generation.memory_check import check_memory


def test_the_largest_of_the_shape_that_fits_is_named(monkeypatch):
    monkeypatch.setattr(memory_check, "free_memory", lambda: 1024 * 512)

    def memory(width, height):
        return width * height

    check_memory(memory, 1024, 512)
    with pytest.raises(SettingsError, match=r"^2048x1024 pixels need about .* fits is 1024x512\.$"):
        check_memory(memory, 2048, 1024)
    monkeypatch.setattr(memory_check, "free_memory", lambda: 1000)
    with pytest.raises(SettingsError, match=r"no size fits\.$"):
        check_memory(memory, 1024, 512)


def test_retained_memory_is_trimmed_before_a_size_is_refused(monkeypatch):
    free = [1000]
    monkeypatch.setattr(memory_check, "free_memory", lambda: free[0])
    monkeypatch.setattr(memory_check.malloc, "trim", lambda: free.insert(0, 1024 * 512))
    check_memory(lambda width, height: width * height, 1024, 512)


def test_a_generation_is_refused_before_it_starts(pipe, monkeypatch):
    settings = pipe.settings("a house", width=512, height=256)
    fits = pipe._stages.memory(settings, 4, 8)
    monkeypatch.setattr(memory_check, "free_memory", lambda: fits)
    pipe.generate(pipe.settings("a house", width=256, height=128))
    with pytest.raises(SettingsError, match="fits is 256x128"):
        pipe.generate(settings)


def test_more_pictures_and_a_second_branch_take_more(pipe):
    pipe("a house", width=128, height=128, num_inference_steps=1)  # weights are in memory now
    alone, guided = (pipe.settings("a house", guidance_scale=guidance) for guidance in (1.0, 4.5))
    two = pipe.settings("a house", num_images_per_prompt=2)
    sizes = [pipe._stages.memory(settings, 16, 16) for settings in (alone, guided, two)]
    assert sizes[0] <= sizes[1] < sizes[2]
    assert pipe._stages.memory(alone, 32, 32) > 3 * sizes[0]
