"""SanaPipeline as its callers use it: updates, stopping, the lock, defaults, errors; on a random tiny checkpoint."""

import json
import threading

import numpy as np
import pytest

from pipeline import SanaPipeline
from pipeline.errors import DeviceError, SettingsError
from pipeline.image import read_settings, write_png
from pipeline.updates import DecodeUpdate, Result, StepUpdate


def test_updates_come_step_by_step_then_picture_by_picture_then_the_result(pipe):
    settings = pipe.settings("a house", num_inference_steps=3, num_images_per_prompt=2, width=160, height=128)
    updates = list(pipe.generate(settings))
    bands = updates[3].bands
    assert [type(update) for update in updates] == [StepUpdate] * 3 + [DecodeUpdate] * 2 * bands + [Result]
    assert [(update.step, update.steps) for update in updates[:3]] == [(1, 3), (2, 3), (3, 3)]
    assert [(update.image, update.band) for update in updates[3:-1]] == [
        (image, band) for image in (1, 2) for band in range(1, bands + 1)
    ]
    assert updates[0].seconds < updates[2].seconds
    assert updates[0].preview.size == (320, 128)
    result = updates[-1]
    assert [image.size for image in result.images] == [(160, 128)] * 2
    assert set(result.times) == {"text_encoder", "transformer", "vae_decoder"}
    assert result.times["transformer"] > 0
    assert result.times["vae_decoder"] > 0


def test_another_seed_costs_no_text_encoding(pipe):
    prompt = "a boat that no other test asks for"
    settings = {"num_inference_steps": 1, "guidance_scale": 1.0}
    assert pipe(prompt, seed=1, **settings).times["text_encoder"] > 0
    assert pipe(prompt, seed=2, **settings).times["text_encoder"] == 0


def test_same_seed_same_bytes_also_after_a_restart(pipe, model, tmp_path):
    again = SanaPipeline.from_pretrained(model)
    for name, pipeline, seed in (("a", pipe, 1), ("b", pipe, 1), ("c", again, 1), ("d", pipe, 2)):
        write_png(pipeline("a house", seed=seed, num_inference_steps=2).images[0], tmp_path / f"{name}.png")
    a, b, c, d = ((tmp_path / f"{name}.png").read_bytes() for name in "abcd")
    assert a == b == c
    assert a != d


def test_a_picture_can_be_made_again_from_its_file(pipe, tmp_path):
    settings = {"negative_prompt": "blue", "num_inference_steps": 2, "seed": 9, "num_images_per_prompt": 2}
    images = pipe("a house", **settings).images
    for index, image in enumerate(images):
        path = tmp_path / f"{index}.png"
        write_png(image, path)
        *_, result = pipe.generate(read_settings(path))
        record = json.loads(image.info["sana"])
        assert record["image_index"] == index
        assert np.array_equal(np.asarray(result.images[record["image_index"]]), np.asarray(image))


def test_closing_stops_at_once_and_frees_the_lock(pipe):
    updates = pipe.generate(pipe.settings("a house", num_inference_steps=100))
    next(updates)
    updates.close()
    assert len(pipe("a house", num_inference_steps=1).images) == 1


def test_one_generation_at_a_time(pipe):
    first = pipe.generate(pipe.settings("a house", num_inference_steps=2))
    next(first)
    done = threading.Event()
    thread = threading.Thread(target=lambda: (pipe("a moon", num_inference_steps=1), done.set()), daemon=True)
    thread.start()
    assert not done.wait(0.5)
    first.close()
    assert done.wait(60)


def test_none_means_the_models_own_default(pipe):
    settings, defaults = pipe.settings("a house"), pipe.defaults
    assert (settings.width, settings.height) == (defaults.width, defaults.height)
    assert settings.num_inference_steps == defaults.num_inference_steps
    assert settings.guidance_scale == defaults.guidance_scale


def test_sizes_beyond_the_models_own_limits_are_refused_before_any_work(pipe):
    with pytest.raises(SettingsError, match=f"to {pipe.defaults.max_size} pixels"):
        pipe("a house", width=pipe.defaults.max_size + 32)
    with pytest.raises(SettingsError, match="output type"):
        pipe("a house", output_type="latent")  # type: ignore[arg-type]


@pytest.mark.parametrize("device", ["TPU", "", "GPU.7", "AUTO:TPU", "MULTI", "cpu "])
def test_an_unknown_device_is_refused_with_those_there_are(model, device):
    with pytest.raises(DeviceError, match=r"available: .*CPU.*AUTO"):
        SanaPipeline.from_pretrained(model, device=device)


def test_auto_is_a_device(model, pipe):
    auto = SanaPipeline.from_pretrained(model, device="AUTO:CPU")
    a, b = (np.asarray(each("a house", num_inference_steps=2).images[0]) for each in (pipe, auto))
    assert np.array_equal(a, b)


def test_the_transformers_activations_are_freed_before_decoding(pipe, monkeypatch):
    """At 4096x4096 they take as much as the decoder's."""
    events = []
    transformer = pipe._stages.denoiser.transformer
    monkeypatch.setattr(transformer, "rest", lambda: events.append("rest"))
    settings = pipe.settings("a house", width=128, height=128, num_inference_steps=2)
    for update in pipe.generate(settings):
        events.append(type(update).__name__)
    assert events[:4] == ["StepUpdate", "StepUpdate", "rest", "DecodeUpdate"]
