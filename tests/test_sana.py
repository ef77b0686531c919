"""SanaPipeline for its callers: updates, stopping, the lock, defaults, errors; on a random tiny checkpoint."""

import dataclasses
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline import SanaPipeline
from pipeline.domain.errors import BusyError, DeviceError, SettingsError
from pipeline.domain.settings import MAX_SEED, GenerationSettings
from pipeline.domain.updates import DecodeUpdate, JobUpdate, PictureUpdate, Result, StepUpdate
from pipeline.generation.metadata import read_settings, to_image, write_png
from pipeline.generation.vae_decoder import to_picture
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.model_sources import LoadedSource
from pipeline.jobs.models import Models
from pipeline.jobs.service import GenerationService, SubmittedRequest
from pipeline.jobs.timings import Timings
from pipeline.runtime.processor import instruction_set
from tests.tiny_checkpoint import LATENT_CHANNELS
from tests.waiting import run_async


def test_updates_come_step_by_step_then_picture_by_picture_then_the_result(pipe: SanaPipeline) -> None:
    settings = pipe.settings("a house", num_inference_steps=3, num_images_per_prompt=2, width=160, height=128)
    updates: list[Any] = list(pipe.generate(settings))
    bands = updates[3].bands
    picture = [StepUpdate] * 3 + [DecodeUpdate] * bands + [PictureUpdate]
    assert [type(update) for update in updates] == 2 * picture + [Result]
    steps = [
        (update.image, update.images, update.step, update.steps) for update in updates if type(update) is StepUpdate
    ]
    assert steps == [(image, 2, step, 3) for image in (1, 2) for step in (1, 2, 3)]
    decoded = [(update.image, update.band) for update in updates if type(update) is DecodeUpdate]
    assert decoded == [(image, band) for image in (1, 2) for band in range(1, bands + 1)]
    finished = [update for update in updates if type(update) is PictureUpdate]
    assert [(update.image, update.picture) for update in finished] == [
        (1, updates[-1].images[0]),
        (2, updates[-1].images[1]),
    ]
    assert updates[0].seconds < updates[2].seconds
    assert updates[0].preview.size == (160, 128)
    result = updates[-1]
    assert [image.size for image in result.images] == [(160, 128)] * 2
    assert set(result.times) == {"text_encoder", "transformer", "vae_decoder"}
    assert result.times["transformer"] > 0
    assert result.times["vae_decoder"] > 0


def test_another_seed_costs_no_text_encoding(pipe: SanaPipeline) -> None:
    prompt = "a boat that no other test asks for"
    settings: dict[str, Any] = {"num_inference_steps": 1, "guidance_scale": 1.0}
    assert pipe(prompt, seed=1, **settings).times["text_encoder"] > 0
    assert pipe(prompt, seed=2, **settings).times["text_encoder"] == 0


def test_same_seed_same_bytes_also_after_a_restart(pipe: SanaPipeline, model: Path, tmp_path: Path) -> None:
    again = SanaPipeline.from_pretrained(model)
    for name, pipeline, seed in (("a", pipe, 1), ("b", pipe, 1), ("c", again, 1), ("d", pipe, 2)):
        write_png(pipeline("a house", seed=seed, num_inference_steps=2).images[0], tmp_path / f"{name}.png")
    a, b, c, d = ((tmp_path / f"{name}.png").read_bytes() for name in "abcd")
    assert a == b == c
    assert a != d


def test_a_picture_can_be_made_again_from_its_file(pipe: SanaPipeline, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"negative_prompt": "blue", "num_inference_steps": 2}
    images = pipe("a house", seed=9, num_images_per_prompt=2, **settings).images
    for index, image in enumerate(images):
        path = tmp_path / f"{index}.png"
        write_png(image, path)
        assert read_settings(path) == pipe.settings("a house", seed=9 + index, **settings)
        *_, result = pipe.generate(read_settings(path))
        assert isinstance(result, Result)
        assert [each.info for each in result.images] == [image.info]
        assert np.array_equal(np.asarray(result.images[0]), np.asarray(image))


def test_picture_k_is_what_the_next_seeds_draw_alone(pipe: SanaPipeline) -> None:
    settings: dict[str, Any] = {"num_inference_steps": 2, "width": 128, "height": 128, "output_type": "np"}
    together = pipe("a house", seed=MAX_SEED - 2, num_images_per_prompt=3, **settings).images
    for index, picture in enumerate(together):
        assert np.array_equal(picture, pipe("a house", seed=MAX_SEED - 2 + index, **settings).images[0])
    assert not np.array_equal(together[0], together[1])


def test_a_variation_is_between_the_pictures_of_two_seeds(pipe: SanaPipeline) -> None:
    settings: dict[str, Any] = {"num_inference_steps": 2, "width": 128, "height": 128, "output_type": "np"}
    varied: dict[str, Any] = {"variation_seed": 9, "variation_strength": 0.5}
    one, other = (pipe("a house", seed=seed, **settings).images[0] for seed in (1, 9))
    between = pipe("a house", seed=1, num_images_per_prompt=2, **varied, **settings).images
    alone = pipe("a house", seed=1, **{**varied, "variation_seed": 10}, **settings).images[0]
    assert np.array_equal(between[1], alone)
    assert not any(np.array_equal(between[0], each) for each in (one, other, alone))
    whole = pipe("a house", seed=1, **{**varied, "variation_strength": 1}, **settings).images[0]
    assert np.array_equal(whole, other)  # of a flow model, which draws no more noise
    given = Image.fromarray((one * 255).astype(np.uint8))
    changed = [
        pipe("a house", image=given, strength=0.5, seed=1, **each, **settings).images[0] for each in ({}, varied)
    ]
    assert not np.array_equal(*changed)


def test_the_record_says_on_what_its_bytes_depend(pipe: SanaPipeline) -> None:
    record = json.loads(pipe("a house", num_inference_steps=2, seed=1).images[0].info["sana"])
    assert (record["device"], record["precision"]) == ("CPU", pipe.precision)
    assert record["instruction_set"] == instruction_set()


def test_a_picture_of_an_earlier_version_is_drawn_by_its_rule(pipe: SanaPipeline, tmp_path: Path) -> None:
    """Earlier versions drew n pictures together, from one generator's noise; this is the third of three."""
    settings = pipe.settings("a house", num_inference_steps=2, seed=9, num_images_per_prompt=3)
    old = dataclasses.replace(settings, batch_index=2)
    *_, result = pipe.generate(old)
    assert isinstance(result, Result)
    record = json.loads(result.images[0].info["sana"])
    assert (record["settings"]["seed"], record["settings"]["num_images_per_prompt"], record["image_index"]) == (9, 3, 2)
    write_png(result.images[0], tmp_path / "old.png")
    assert read_settings(tmp_path / "old.png") == old

    noise = torch.randn((3, LATENT_CHANNELS, 8, 8), generator=torch.Generator("cpu").manual_seed(9))
    given: list[np.ndarray] = []
    transformer = pipe._stages.denoiser.transformer

    def first_call(inputs: dict[str, np.ndarray]) -> np.ndarray:
        given.append(inputs["hidden_states"])
        return transformer(inputs)

    *_, step = dataclasses.replace(pipe._stages.denoiser, transformer=first_call).steps(
        pipe._stages.text_encoder, old, old.width, old.height
    )
    assert np.array_equal(given[0][:3], noise.numpy())
    (*_, decoded) = pipe._stages.decoder(old).decode(step.latents[2])
    assert decoded.features is not None
    picture = to_image(to_picture(decoded.features, old.width, old.height), {})
    assert np.array_equal(np.asarray(picture), result.images[0])


def test_closing_stops_at_once_and_frees_the_lock(pipe: SanaPipeline) -> None:
    updates = pipe.generate(pipe.settings("a house", num_inference_steps=100))
    next(updates)
    updates.close()
    assert len(pipe("a house", num_inference_steps=1).images) == 1


def test_one_generation_at_a_time(pipe: SanaPipeline) -> None:
    first = pipe.generate(pipe.settings("a house", num_inference_steps=2))
    next(first)
    done = threading.Event()
    thread = threading.Thread(target=lambda: (pipe("a moon", num_inference_steps=1), done.set()), daemon=True)
    thread.start()
    assert not done.wait(0.5)
    first.close()
    assert done.wait(60)


def test_a_second_generation_of_the_same_thread_is_an_error_and_no_deadlock(pipe: SanaPipeline) -> None:
    first = pipe.generate(pipe.settings("a house", num_inference_steps=2))
    next(first)
    with pytest.raises(BusyError, match="exhaust or close that generator first"):
        pipe("a moon", num_inference_steps=1)
    assert isinstance(list(first)[-1], Result)  # which goes on
    assert len(pipe("a moon", num_inference_steps=1).images) == 1


def test_none_means_the_models_own_default(pipe: SanaPipeline) -> None:
    settings = pipe.settings("a house", width=None, num_inference_steps=None)
    assert pipe.model.defaults == {name: getattr(settings, name) for name in pipe.model.defaults}


def test_a_seed_of_minus_one_is_drawn_anew_each_time(pipe: SanaPipeline) -> None:
    seeds = {pipe.settings("a house", seed=seed).seed for seed in (-1, -1.0, np.int64(-1))}
    assert len(seeds) > 1
    assert min(seeds) >= 0


def test_one_record_for_validation_and_one_for_the_run(
    pipe: SanaPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[GenerationSettings] = []
    check = GenerationSettings.__post_init__
    monkeypatch.setattr(GenerationSettings, "__post_init__", lambda self: built.append(self) or check(self))
    service = GenerationService(Models([LoadedSource(pipe)]), Timings(tmp_path), JobQueue())
    service.models.start(lambda progress: None)
    values = {"prompt": "a house", "num_inference_steps": 1, "seed": 3, "num_images": 1}
    assert service.problems(values) == {}
    assert len(built) == 1

    async def last_of(submitted: SubmittedRequest) -> JobUpdate:
        async with submitted.job.follow() as updates:
            return [update async for update in updates][-1]

    assert isinstance(run_async(last_of(service.submit(values, "me"))), Result)
    assert len(built) == 2
    assert list(service.problems({**values, "prompt": "", "seed": -2})) == ["prompt", "seed"]
    assert len(built) == 2


def test_sizes_beyond_the_models_own_limits_are_refused_before_any_work(pipe: SanaPipeline) -> None:
    with pytest.raises(SettingsError, match=f"to {pipe.model.max_size} pixels"):
        pipe("a house", width=pipe.model.max_size + 32)
    with pytest.raises(TypeError, match="widht"):
        pipe("a house", widht=128)
    with pytest.raises(SettingsError, match="output type"):
        pipe("a house", output_type="latent")  # type: ignore[arg-type]


@pytest.mark.parametrize("device", ["TPU", "", "GPU.7", "AUTO:TPU", "MULTI", "cpu "])
def test_an_unknown_device_is_refused_with_those_there_are(model: Path, device: str) -> None:
    with pytest.raises(DeviceError, match=r"available: .*CPU.*AUTO"):
        SanaPipeline.from_pretrained(model, device=device)


def test_auto_is_a_device(model: Path, pipe: SanaPipeline) -> None:
    auto = SanaPipeline.from_pretrained(model, device="AUTO:CPU")
    a, b = (np.asarray(each("a house", num_inference_steps=2).images[0]) for each in (pipe, auto))
    assert np.array_equal(a, b)


def test_the_transformers_activations_are_freed_before_decoding(
    pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 4096x4096 they take as much memory as the decoder's."""
    events = []
    transformer = pipe._stages.denoiser.transformer
    monkeypatch.setattr(transformer, "release_activations", lambda: events.append("released"))
    settings = pipe.settings("a house", width=128, height=128, num_inference_steps=2)
    for update in pipe.generate(settings):
        events.append(type(update).__name__)
    assert events[:4] == ["StepUpdate", "StepUpdate", "released", "DecodeUpdate"]
