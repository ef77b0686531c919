"""AUTOMATIC1111's API, by webuiapi and by hand; on a random tiny checkpoint."""

import base64
import dataclasses
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import webuiapi
from PIL import Image

from pipeline import SanaPipeline
from pipeline.domain.families import SPRINT
from pipeline.interfaces.automatic1111.drawing_request import read_drawing
from pipeline.interfaces.automatic1111.picture_info import parse_parameters
from pipeline.interfaces.automatic1111.prompt_syntax import plain_prompt
from pipeline.jobs.models import Models
from pipeline.jobs.service import GenerationService
from tests.descriptions import MODEL, Source
from tests.serving import serve_all
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def client(server: str) -> webuiapi.WebUIApi:
    url = httpx.URL(server)
    return webuiapi.WebUIApi(host=url.host, port=url.port)


@pytest.fixture
def http(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}sdapi/v1/", timeout=60) as http:
        yield http


def draw(http: httpx.Client, route: str = "txt2img", **values: Any) -> httpx.Response:
    return http.post(route, json={"prompt": "a house", "steps": 1, **values})


def opened(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text)))


def encoded(image: Image.Image) -> str:
    content = io.BytesIO()
    image.save(content, format="PNG")
    return base64.b64encode(content.getvalue()).decode()


def test_a_picture_by_webuiapi_is_that_of_python(client: webuiapi.WebUIApi, pipe: SanaPipeline) -> None:
    answer = client.txt2img(prompt="a house", seed=7, steps=2, cfg_scale=3.0, batch_size=2)
    expected = pipe("a house", seed=7, num_inference_steps=2, guidance_scale=3.0, num_images_per_prompt=2).images
    assert answer.info["all_seeds"] == [7, 8]
    assert "Seed: 8" in answer.info["infotexts"][1]
    for image, own in zip(answer.images, expected, strict=True):
        assert np.array_equal(np.asarray(image), np.asarray(own))
    assert client.png_info(answer.image)
    assert client.get_progress()["state"]["job_count"] == 0


def test_what_clients_always_send_counts_as_not_given(http: httpx.Client, pipe: SanaPipeline) -> None:
    values: dict[str, Any] = {"width": 512, "height": 512, "cfg_scale": 7.0, "seed": -1, "sampler_name": "Euler a"}
    answer = draw(http, **values)
    info = json.loads(answer.json()["info"])
    assert (info["width"], info["cfg_scale"]) == (pipe.model.defaults["width"], pipe.model.defaults["guidance_scale"])
    assert answer.headers["x-sana-ignored"] == "sampler_name"
    read = read_drawing({"prompt": "a", "steps": 20}, Models([Source(MODEL)]), None, False)
    assert "num_inference_steps" not in read.values


def test_a_sprint_model_keeps_to_its_steps_and_has_no_negative_prompt() -> None:
    models = Models([Source(dataclasses.replace(MODEL, family=SPRINT))])
    for steps, own in ((50, None), (5, None), (4, 4), (1, 1)):
        read = read_drawing({"prompt": "a", "steps": steps, "negative_prompt": "bad"}, models, None, False)
        assert read.values.get("num_inference_steps") == own
        assert ("steps" in read.ignored) == (own is None)
        assert "negative_prompt" in read.ignored


@pytest.mark.parametrize(
    ("prompt", "plain", "named"),
    [
        ("a (red:1.3) house", "a red house", ["(word:weight)"]),
        ("a house, <lora:oil:0.8>, night", "a house, night", ["<lora>"]),
        ("((a:1.1) house:0.5)", "a house", ["(word:weight)"]),
        ("a house (at night), 10:30", "a house (at night), 10:30", []),
        ("a house <lora:a:1> ,, , night", "a house, night", ["<lora>"]),
        # Long ones are read in no time, not in minutes.
        ("(:" + 100_000 * "1", "(:" + 100_000 * "1", []),
        ("a<lora:a:1>" + 100_000 * "\n" + "b", "a" + 100_000 * "\n" + "b", ["<lora>"]),
    ],
    ids=range(7),
)
def test_networks_and_weights_are_taken_out_of_prompts(prompt: str, plain: str, named: list[str]) -> None:
    assert plain_prompt(prompt) == (plain, named)


def test_img2img_draws_from_a_picture_and_a_mask(client: webuiapi.WebUIApi, pipe: SanaPipeline) -> None:
    picture = Image.effect_noise((128, 128), 90).convert("RGB")
    mask = Image.new("L", picture.size)
    mask.paste(255, (0, 0, 64, 128))
    answer = client.img2img([picture], prompt="a house", mask_image=mask, denoising_strength=0.5, steps=2, seed=3)
    values: dict[str, Any] = {"strength": 0.5, "num_inference_steps": 2, "seed": 3}
    expected = pipe("a house", image=picture, mask_image=mask, **values).images[0]
    assert np.array_equal(np.asarray(answer.image), np.asarray(expected))
    assert answer.info["denoising_strength"] == 0.5


PICTURE = encoded(Image.effect_noise((128, 128), 90).convert("RGB"))


@pytest.mark.parametrize(
    ("route", "values"),
    [
        ("txt2img", {"steps": 1000}),
        ("txt2img", {"steps": "many"}),
        ("txt2img", {"width": 100}),
        ("txt2img", {"batch_size": 0}),
        ("txt2img", {"batch_size": 4, "n_iter": 4}),
        ("txt2img", {"prompt": 3}),
        ("txt2img", {"seed": 2**40}),
        ("img2img", {}),
        ("img2img", {"init_images": ["no base64!"]}),
        ("img2img", {"init_images": [base64.b64encode(b"no picture").decode()]}),
        ("img2img", {"init_images": [{}]}),
        ("img2img", {"init_images": [PICTURE], "mask": PICTURE, "inpainting_mask_invert": "yes"}),
        ("txt2img", {"override_settings": ["sdxl"]}),
        ("txt2img", {"override_settings": {"sd_model_checkpoint": ["sdxl"]}}),
        ("options", {"sd_model_checkpoint": 3}),
        ("png-info", {"image": "data:image/png;base64,AAAA"}),
    ],
)
def test_bad_input_is_refused_in_a_sentence(http: httpx.Client, route: str, values: dict[str, Any]) -> None:
    answer = draw(http, route, **values)
    assert answer.status_code == 400
    assert answer.json()["detail"] == answer.json()["error"]
    assert answer.json()["detail"].endswith(".")
    assert draw(http).status_code == 200


def test_other_refusals_have_the_same_form(http: httpx.Client) -> None:
    assert "detail" in http.get("nothing").json()
    assert http.post("txt2img", content=b"{").json()["error"] == "The body must be a JSON object."
    assert http.post("txt2img", json={"prompt": "x" * (1 << 20)}).status_code == 413


def test_progress_and_interrupt_reach_only_ones_own(
    server: str, http: httpx.Client, steps_done: list[int | str]
) -> None:
    answers: list[httpx.Response] = []
    values = {"prompt": "a house", "steps": 100}
    thread = threading.Thread(target=lambda: answers.append(http.post("txt2img", json=values)))
    thread.start()
    wait_for(lambda: steps_done)
    with httpx.Client(base_url=f"{server}sdapi/v1/", auth=("another", "any")) as other:
        assert other.get("progress").json()["progress"] == 0
        other.post("interrupt")
    wait_for(lambda: http.get("progress").json()["current_image"])
    progress = http.get("progress").json()
    assert 0 < progress["progress"] < 1
    assert progress["state"]["sampling_steps"] == 100
    assert http.get("progress", params={"skip_current_image": True}).json()["current_image"] is None
    http.post("interrupt")
    thread.join(30)
    (answer,) = answers
    assert answer.status_code == 200
    assert len(answer.json()["images"]) == 1
    assert opened(answer.json()["images"][0]).size == (256, 256)
    assert http.get("progress").json()["state"]["job_count"] == 0


def test_options_change_the_model_of_that_client_only(pipe: SanaPipeline, model: Path) -> None:
    from app import build_service
    from pipeline.jobs.model_sources import LoadedSource

    names = [pipe.model.name, f"{pipe.model.name} 2"]
    with serve_all(build_service(Models([LoadedSource(pipe), LoadedSource(pipe)]))) as url:
        first, second = (httpx.Client(base_url=f"{url}sdapi/v1/", auth=(name, "")) for name in ("one", "two"))
        assert [each["title"] for each in first.get("sd-models").json()] == names
        assert str(model) not in first.get("sd-models").text
        options = first.get("options").json()
        assert "x-sana-ignored" not in first.post("options", json=options).headers
        first.post("options", json={**options, "sd_model_checkpoint": names[1]}).raise_for_status()
        assert first.get("options").json()["sd_model_checkpoint"] == names[1]
        assert second.get("options").json()["sd_model_checkpoint"] == names[0]
        unknown = second.post("options", json={"sd_model_checkpoint": "sdxl", "CLIP_stop_at_last_layers": 2})
        assert unknown.headers["x-sana-ignored"] == "CLIP_stop_at_last_layers, sd_model_checkpoint"


@pytest.mark.parametrize("is_strict", [False, True])
def test_unknown_models_are_refused_only_where_asked_for(service: GenerationService, is_strict: bool) -> None:
    unknown = {"sd_model_checkpoint": "sdxl"}
    known = {"sd_model_checkpoint": service.models.names[0]}
    with serve_all(service, strict_models=is_strict) as url, httpx.Client(base_url=f"{url}sdapi/v1/") as http:
        for name, body in (
            ("options", {}),
            ("txt2img", {"prompt": "a house", "steps": 1}),
            ("img2img", {"prompt": "a house", "steps": 2, "init_images": [PICTURE]}),
        ):
            for model, is_refused in ((unknown, is_strict), (known, False)):
                own = model if name == "options" else {"override_settings": model}
                answer = http.post(name, json={**body, **own}, timeout=60)
                assert answer.status_code == (404 if is_refused else 200)
                assert ("sd_model_checkpoint" in answer.headers.get("x-sana-ignored", "")) == (
                    model is unknown and not is_strict
                )
                assert not is_refused or "There is no model" in answer.json()["detail"]


def test_lists(client: webuiapi.WebUIApi) -> None:
    assert client.get_samplers()[0]["name"] == client.get_schedulers()[0]["label"] == "Automatic"
    assert client.get_upscalers()[0]["name"] == "None"
    assert client.get_latent_upscale_modes() == client.get_sd_vae() == []
    assert client.util_get_current_model() == client.util_get_model_names()[0]


def test_png_info_reads_what_a_picture_says(http: httpx.Client, pipe: SanaPipeline) -> None:
    image = draw(http, negative_prompt="blue", seed=5).json()["images"][0]
    answer = http.post("png-info", json={"image": f"data:image/png;base64,{image}"}).json()
    assert answer["parameters"]["Prompt"] == "a house"
    assert answer["parameters"]["Negative prompt"] == "blue"
    assert answer["parameters"]["Seed"] == "5"
    assert json.loads(answer["items"]["sana"])["settings"]["seed"] == 5
    assert http.post("png-info", json={"image": encoded(Image.new("RGB", (8, 8)))}).json()["info"] == ""


def test_parameters_are_read_as_automatic1111_writes_them() -> None:
    text = 'a house,\nat night\nNegative prompt: blue\nSteps: 20, Model: "a, \\"b\\": c", Size: 8x8, Seed: 1'
    read = parse_parameters(text)
    assert read["Prompt"] == "a house,\nat night"
    assert read["Model"] == 'a, "b": c'
    assert read["Seed"] == "1"
    assert parse_parameters("a house: red") == {"Prompt": "a house: red", "Negative prompt": ""}


def test_a_large_picture_fits_into_a_request(http: httpx.Client) -> None:
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    answer = draw(http, "img2img", init_images=[encoded(noise)], width=128, height=128)
    assert answer.status_code == 200
    assert answer.json()["parameters"]["init_images"] is None
