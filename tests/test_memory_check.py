"""Pictures that the machine can never hold, or not now: the refusal names the largest that fits."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import SanaPipeline
from pipeline.domain.errors import SettingsError
from pipeline.generation import memory_check
from pipeline.generation.memory_check import LIBRARIES, check_free_memory, check_total_memory


def squared(width: int, height: int) -> int:
    return width * height


@pytest.fixture
def total(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the bytes there are for pictures."""
    return lambda value: monkeypatch.setattr(memory_check, "total_memory", lambda: LIBRARIES + value)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the bytes that are free."""
    return lambda value: monkeypatch.setattr(memory_check, "free_memory", lambda: value)


def test_the_largest_of_the_shape_that_fits_is_named(
    total: Callable[[float], None], free: Callable[[float], None]
) -> None:
    for change, check in ((total, check_total_memory), (free, check_free_memory)):
        change(1024 * 512)
        check(squared, 1024, 512)
        with pytest.raises(SettingsError, match=r"^2048x1024 pixels need about .* fits is 1024x512\.$"):
            check(squared, 2048, 1024)
        change(1000)
        with pytest.raises(SettingsError, match=r"no size fits\.$"):
            check(squared, 1024, 512)


def test_retained_memory_is_trimmed_before_a_size_is_refused(
    monkeypatch: pytest.MonkeyPatch, free: Callable[[float], None]
) -> None:
    free(1000)
    monkeypatch.setattr(memory_check.malloc, "trim", lambda: free(1024 * 512))
    check_free_memory(squared, 1024, 512)


def test_a_request_is_refused_for_what_the_machine_can_never_hold(
    pipe: SanaPipeline, total: Callable[[float], None]
) -> None:
    settings = pipe.settings("a house", width=512, height=256)
    total(pipe._stages.weights(settings) + pipe._stages.memory(settings, 4, 8))
    pipe.settings("a house", width=256, height=128)
    with pytest.raises(SettingsError, match="fits is 256x128"):
        pipe.settings("a house", width=512, height=256)
    with pytest.raises(SettingsError, match="fits is 256x128"):
        pipe.generate(settings)


def test_what_another_picture_holds_refuses_nothing_and_is_left_to_it(
    pipe: SanaPipeline, free: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    trims: list[None] = []
    monkeypatch.setattr(memory_check.malloc, "trim", lambda: trims.append(None))
    drawing = pipe.generate(pipe.settings("a house", num_inference_steps=2))
    next(drawing)
    free(0)
    settings = pipe.settings("a moon", width=512, height=256)
    waiting = pipe.generate(settings)
    assert trims == []
    drawing.close()
    with pytest.raises(SettingsError, match=r"0\.0 GB are free now: no size fits"):
        next(waiting)
    assert len(trims) == 1
    free(10**9)
    next(again := pipe.generate(settings))
    again.close()


def test_more_pictures_and_a_second_branch_take_more(pipe: SanaPipeline) -> None:
    alone, guided = (pipe.settings("a house", guidance_scale=guidance) for guidance in (1.0, 4.5))
    two = pipe.settings("a house", num_images_per_prompt=2)
    sizes = [pipe._stages.memory(settings, 16, 16) for settings in (alone, guided, two)]
    assert sizes[0] <= sizes[1] < sizes[2]
    assert pipe._stages.memory(alone, 32, 32) > 3 * sizes[0]


def test_weights_that_were_read_are_in_memory_already(model: Path, pipe: SanaPipeline) -> None:
    settings = pipe.settings("a house", width=128, height=128, num_inference_steps=1)
    list(pipe.generate(settings))
    assert pipe._stages.weights(settings, unread=True) == 0
    sizes = {path.parent.name: path.stat().st_size for path in model.glob("*/openvino_model.bin")}
    from_picture = dataclasses.replace(settings, image_sha256="0" * 64)
    is_read = pipe._stages.seconds()["vae_encoder"] > 0  # by another test, perhaps
    assert pipe._stages.weights(from_picture, unread=True) == (0 if is_read else sizes["vae_encoder"])
    assert pipe._stages.weights(from_picture) == sum(sizes.values())
    assert pipe._stages.weights(settings) == sum(sizes.values()) - sizes["vae_encoder"]
