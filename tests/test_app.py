"""The endpoint `/generate` over HTTP, as gradio_client and curl use it, on a random tiny checkpoint."""

import threading
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import ValidationError

from pipeline import SanaPipeline
from pipeline.domain.schedule_parameters import SCHEDULE_PARAMETERS
from pipeline.domain.settings import MAX_SEED, MAX_STEPS
from pipeline.generation.metadata import read_settings, write_png
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.model_sources import LoadedSource
from pipeline.jobs.models import Models
from pipeline.jobs.service import GenerationService
from pipeline.jobs.timings import Timings
from pipeline.page.following import draw
from pipeline.page.visitor import Visitor, picture_folder
from pipeline.page.words import English
from tests.waiting import run_async, wait_for


@pytest.fixture(scope="module")
def client(page: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(page, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def generate(client: Client, prompt: str = "a house", **values: Any) -> Any:
    return client.predict(prompt=prompt, api_name="/generate", **values)


def paths(images: list[dict[str, str]]) -> list[str]:
    return [image["image"] for image in images]


def test_generate_is_the_only_endpoint_and_only_the_prompt_has_no_default(client: Client, pipe: SanaPipeline) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert list(endpoints["named_endpoints"]) == ["/generate"]
    assert not endpoints["unnamed_endpoints"]
    parameters = endpoints["named_endpoints"]["/generate"]["parameters"]
    defaults = {each["parameter_name"]: each["parameter_default"] for each in parameters}
    assert defaults == {
        "prompt": None,
        "negative_prompt": "",
        "style": "none",
        **dict.fromkeys(pipe.model.defaults),  # None stands for the model's own
        "seed": 0,
        "randomize_seed": False,
        "num_images": 1,
        "model": pipe.model.name,
        "use_resolution_binning": True,
        "draft_decode": False,
        **dict.fromkeys(("image", "mask_image", "strength")),
        "mask_grow": 8,
        "mask_blur": 24,
        "mask_invert": False,
        "enlarge": False,
        **dict.fromkeys(each.name for each in SCHEDULE_PARAMETERS),
        "variation_seed": 0,
        "variation_strength": 0.0,
        "preset": "exact",
    }
    assert [each["parameter_name"] for each in parameters if not each["parameter_has_default"]] == ["prompt"]


def test_the_endpoint_takes_presets_and_refuses_others(client: Client, pipe: SanaPipeline) -> None:
    images, *_ = generate(client, preset="fastest")
    (record,) = [read_settings(path) for path in paths(images)]
    assert record.num_inference_steps == round(0.45 * pipe.model.defaults["num_inference_steps"])
    with pytest.raises(ValidationError, match="There is no preset"):
        generate(client, preset="quick")


@pytest.mark.parametrize(
    ("counting", "more"), [("seed", {}), ("variation_seed", {"variation_seed": 9, "variation_strength": 0.25})]
)
def test_the_pictures_are_the_bytes_that_python_writes(
    client: Client, pipe: SanaPipeline, tmp_path: Path, counting: str, more: dict[str, Any]
) -> None:
    settings: dict[str, Any] = {
        "negative_prompt": "blue",
        "width": 160,
        "num_inference_steps": 2,
        "guidance_scale": 3.0,
        "flow_shift": 5.0,
        "seed": MAX_SEED - 1,
        **more,
    }
    images, seed, times = generate(client, num_images=2, **{**settings, "guidance_scale": 3})
    assert seed == MAX_SEED - 1
    assert times.startswith("Done in ")
    expected = pipe("a house", num_images_per_prompt=2, **settings).images
    assert len(images) == len(expected) == 2
    for index, (path, image) in enumerate(zip(paths(images), expected, strict=True)):
        own = {**settings, counting: settings[counting] + index}
        assert read_settings(path) == pipe.settings("a house", **own)
        write_png(image, tmp_path / "expected.png")
        with open(path, "rb") as file:
            assert file.read() == (tmp_path / "expected.png").read_bytes()


def test_a_random_seed_is_another_one_each_time_and_makes_the_picture_again(client: Client) -> None:
    first, seed, _ = generate(client, num_inference_steps=1, randomize_seed=True, seed=1)
    _, other_seed, _ = generate(client, num_inference_steps=1, randomize_seed=True, seed=1)
    assert seed != other_seed
    again, same_seed, _ = generate(client, num_inference_steps=1, seed=seed)
    assert same_seed == seed == read_settings(paths(first)[0]).seed
    with open(paths(first)[0], "rb") as a, open(paths(again)[0], "rb") as b:
        assert a.read() == b.read()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"prompt": ""}, "The prompt is empty"),
        ({"prompt": " \n"}, "The prompt is empty"),
        ({"prompt": "x" * 10_000, "style": "anime"}, "With the words of the style Anime the prompt has"),
        ({"prompt": "x" * 10_001}, "at most 10,000 characters"),
        ({"prompt": None}, "The prompt must be text"),
        ({"negative_prompt": "x" * 10_001}, "The negative prompt must have at most"),
        ({"style": "oil"}, "There is no style 'oil'"),
        ({"timesteps": "1.5, 0"}, "A Sana model has no list of times: leave it empty."),
        ({"flow_shift": 0}, "The flow shift must be a number from 0.1 to 20, not 0."),
        ({"width": 100}, "The width must be a multiple of 32 from 128 to 512 pixels, not 100."),
        ({"width": 96}, "The width must be"),
        ({"height": 544}, "The height must be"),
        ({"height": 256.5}, "The height must be"),
        ({"width": "wide"}, "The width must be"),
        ({"num_inference_steps": 0}, "The number of steps must be"),
        ({"num_inference_steps": 101}, "The number of steps must be"),
        ({"num_inference_steps": 2.5}, "The number of steps must be"),
        ({"guidance_scale": -1}, "The guidance scale must be"),
        ({"guidance_scale": 20.5}, "The guidance scale must be"),
        ({"seed": -2}, "The seed must be a whole number from 0 to 4294967295, not -2."),
        ({"seed": MAX_SEED + 1}, "The seed must be"),
        ({"seed": MAX_SEED - 1, "num_images": 3}, "The seed must be at most 4294967293 for 3 images"),
        ({"model": "another"}, "There is no model 'another'"),
        ({"draft_decode": True}, "This model has no draft decoder"),
        ({"use_resolution_binning": 1}, "Resolution binning must be true or false"),
        ({"seed": 1.5}, "The seed must be"),
        ({"seed": "1"}, "The seed must be"),
        ({"seed": None}, "The seed must be"),
        ({"randomize_seed": "no"}, "randomize_seed must be true or false"),
        ({"num_images": 0}, "The number of images must be"),
        ({"num_images": 9}, "The number of images must be"),
    ],
)
def test_bad_values_are_refused_in_a_sentence_before_they_queue(
    client: Client, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        generate(client, **{"prompt": "a house", **values})
    header, *sentences = str(refusal.value).splitlines()
    assert header.startswith("1 parameter(s)")
    assert len(sentences) == 1
    assert sentence in sentences[0]


def test_a_refusal_is_http_422_and_nothing_passes_the_queue_by(page: str) -> None:
    data = ["", "", "none", 256, 256, 1, 4.5, 0, False, 1]
    refusal = httpx.post(f"{page}gradio_api/call/generate", json={"data": data})
    assert refusal.status_code == 422
    assert [verdict["parameter_name"] for verdict in refusal.json()["detail"] if not verdict["is_valid"]] == ["prompt"]
    data[0] = "a house"
    assert httpx.post(f"{page}gradio_api/call/generate", json={"data": data}).status_code == 200
    assert httpx.post(f"{page}gradio_api/call/generate", json={"data": []}).is_error
    assert httpx.post(f"{page}gradio_api/run/generate", json={"data": data}).is_error


def test_cancelling_stops_the_work_within_a_step(client: Client, steps_done: list[int | str]) -> None:
    job = client.submit(prompt="a house", num_inference_steps=MAX_STEPS, api_name="/generate")
    wait_for(lambda: steps_done)
    assert job.cancel()
    at_cancel = len(steps_done)
    wait_for(lambda: steps_done[-1] == "closed")
    assert len(steps_done) <= at_cancel + 2 < MAX_STEPS  # the step in the works, and "closed"
    generate(client, num_inference_steps=1)  # would wait for ever for a generation that goes on


def test_a_cancelled_request_that_still_waits_is_not_run(
    client: Client, page: str, steps_done: list[int | str]
) -> None:
    running = client.submit(prompt="a house", num_inference_steps=MAX_STEPS, api_name="/generate")
    wait_for(lambda: steps_done)
    waiting = Client(page, verbose=False).submit(prompt="a moon", num_inference_steps=1, api_name="/generate")
    wait_for(
        lambda: any(output[2].startswith("In the queue: one request is before yours") for output in waiting.outputs())
    )
    assert waiting.cancel()
    running.cancel()
    wait_for(lambda: steps_done[-1] == "closed")
    generate(client, num_inference_steps=1)
    assert steps_done.count("closed") == 2


def test_progress_comes_with_a_preview(client: Client) -> None:
    job = client.submit(prompt="a house", num_inference_steps=3, api_name="/generate")
    job.result()
    lines = [output[2].partition(",")[0] for output in job.outputs()]
    assert lines[:1] == ["Reading the prompt"]
    assert [line for line in lines if line.startswith("Step")] == ["Step 1 of 3", "Step 2 of 3", "Step 3 of 3"]
    last = lines.index("Step 3 of 3")  # earlier previews are dropped if the next step is done before they are read
    assert all(len(output[0]) == 1 for output in job.outputs()[last:])


def test_progress_is_told_in_numbers_too(client: Client, steps_done: list[int | str]) -> None:
    job = client.submit(prompt="a house", num_inference_steps=3, api_name="/generate")
    units = set()
    while not job.done():
        for unit in job.status().progress_data or []:
            units.add((unit.index, unit.length, unit.unit, unit.desc.partition(",")[0]))
        time.sleep(0.02)
    assert units & {(step, 3, "steps", f"Step {step} of 3") for step in (1, 2, 3)}


def test_a_preview_is_no_file_and_a_picture_is_written_once(
    pipe: SanaPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of previews would pile up; Gradio would write each picture again for each update."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    service = GenerationService(Models([LoadedSource(pipe)]), Timings(tmp_path), JobQueue())
    written: dict[Path, int] = {}
    previews: set[str | None] = set()

    async def follow() -> None:
        values = {"prompt": "a house", "num_inference_steps": 2, "num_images": 2}
        async with aclosing(draw(service, English(), values, Visitor("me", session="mine"), "generate")) as updates:
            async for pictures, preview, _, _ in updates:
                previews.update({preview} - {None})
                for path in pictures:
                    assert written.setdefault(path, path.stat().st_mtime_ns) == path.stat().st_mtime_ns

    run_async(follow())
    assert 0 < len(previews) <= 4  # who follows slowly gets the latest only
    assert all(preview.startswith("data:image/webp;base64,") for preview in previews)
    folder = picture_folder("mine")
    assert folder.is_relative_to(tmp_path)
    assert len(written) == 2
    assert sorted(written) == sorted(path for path in folder.rglob("*") if path.is_file())


def test_two_clients_at_once_get_their_own_pictures(page: str, tmp_path: Path) -> None:
    results = {}

    def ask(seed: int) -> None:
        client = Client(page, verbose=False, download_files=str(tmp_path / str(seed)))
        results[seed] = [generate(client, prompt=f"house {seed}", seed=seed, num_inference_steps=2) for _ in range(3)]

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for seed, answers in results.items():
        for images, seed_used, _ in answers:
            settings = read_settings(paths(images)[0])
            assert (settings.prompt, settings.seed, seed_used) == (f"house {seed}", seed, seed)
    assert set(results) == {1, 2}


def test_what_follows_a_change_follows_the_last_one(pipe: SanaPipeline) -> None:
    """Gradio drops changes during a request unless the trigger mode is "always_last"."""
    from app import build_app

    followers = [
        each for each in build_app(pipe).config["dependencies"] if "change" in [event for _, event in each["targets"]]
    ]
    assert len(followers) >= 3
    assert {each["trigger_mode"] for each in followers} == {"always_last"}
