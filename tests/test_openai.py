"""OpenAI's images API, by its own SDK and by hand; on a random tiny checkpoint."""

import base64
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline import SanaPipeline
from pipeline.generation.metadata import read_settings
from pipeline.interfaces.openai import picture_links
from pipeline.jobs.service import GenerationService
from tests.serving import serve_all
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def client(server: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server}v1", api_key="any", max_retries=0, timeout=120)


def generate(client: openai.OpenAI, prompt: str = "a house", **values: Any) -> Any:
    """Return the SDK's answer, whose pictures have more fields than the SDK knows of."""
    own = {name: values.pop(name) for name in ("seed", "num_inference_steps", "guidance_scale") if name in values}
    return client.images.generate(prompt=prompt, extra_body={"num_inference_steps": 1, **own}, **values)


def pixels(content: bytes) -> NDArray[Any]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def decoded(entry: Any) -> bytes:
    return base64.b64decode(entry.b64_json)


def post(server: str, body: object, route: str = "generations") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"{server}v1/images/{route}", content=content, headers=headers, timeout=60)


def test_the_models_are_listed_with_the_names_that_clients_insist_on(client: openai.OpenAI, pipe: SanaPipeline) -> None:
    listed = client.models.list().data
    assert [each.id for each in listed] == [pipe.model.name, "gpt-image-1", "dall-e-3"]
    assert client.models.retrieve(pipe.model.name).object == "model"
    with pytest.raises(openai.NotFoundError, match="There is no model"):
        client.models.retrieve("gpt-5")


def test_the_pictures_are_those_that_python_draws(client: openai.OpenAI, pipe: SanaPipeline, tmp_path: Path) -> None:
    answer = generate(client, n=2, size="160x128", seed=7)
    expected = pipe("a house", width=160, height=128, seed=7, num_inference_steps=1, num_images_per_prompt=2).images
    assert [entry.seed for entry in answer.data] == [7, 8]
    for entry, image in zip(answer.data, expected, strict=True):
        assert entry.url is None
        (tmp_path / "a.png").write_bytes(decoded(entry))
        assert np.array_equal(pixels(decoded(entry)), np.asarray(image))
        assert read_settings(tmp_path / "a.png").seed == entry.seed


def test_without_a_seed_each_picture_has_another(client: openai.OpenAI) -> None:
    seeds = {generate(client).data[0].seed for _ in range(2)}
    assert len(seeds) == 2


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_formats(client: openai.OpenAI, name: str) -> None:
    answer = generate(client, output_format=name, seed=1)
    assert Image.open(io.BytesIO(decoded(answer.data[0]))).format == name.upper()


def test_a_url_is_absolute_needs_no_key_and_is_gone_after_an_hour(
    service: GenerationService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_all(service, api_key="secret") as url:
        client = openai.OpenAI(base_url=f"{url}v1", api_key="secret", max_retries=0)
        link = generate(client, model="dall-e-3", seed=1).data[0].url
        assert link.startswith(url)
        assert link.endswith(".png")
        picture = httpx.get(link)
        assert picture.headers["content-type"] == "image/png"
        assert np.array_equal(pixels(picture.content), pixels(decoded(generate(client, seed=1).data[0])))
        assert httpx.get(f"{link[:-8]}aaaa.png").status_code == 404
        later = time.monotonic() + picture_links.LINK_SECONDS
        monkeypatch.setattr(picture_links.time, "monotonic", lambda: later)
        assert httpx.get(link).status_code == 404


def test_what_has_no_effect_is_named(client: openai.OpenAI) -> None:
    values = {"quality": "hd", "style": "vivid", "user": "me", "model": "unknown", "size": "1792x1024"}
    raw: Any = client.images.with_raw_response
    answer = raw.generate(prompt="a house", extra_body={"num_inference_steps": 1}, **values)
    assert set(answer.headers["x-sana-ignored"].split(", ")) == {"quality", "style", "user", "model", "size"}
    picture = Image.open(io.BytesIO(decoded(answer.parse().data[0])))
    assert picture.width > picture.height


def test_a_quality_is_a_preset(client: openai.OpenAI, pipe: SanaPipeline, tmp_path: Path) -> None:
    def steps(**fields: Any) -> int:
        answer: Any = client.images.generate(prompt="a house", extra_body={"seed": 1, **fields})
        path = tmp_path / "picture.png"
        path.write_bytes(decoded(answer.data[0]))
        return read_settings(path).num_inference_steps

    default = pipe.model.defaults["num_inference_steps"]
    assert steps(quality="medium") == round(0.6 * default)
    assert steps(quality="low") == steps(preset="fastest") == round(0.45 * default)
    assert steps(quality="high", num_inference_steps=2) == 2
    assert steps(quality="low", preset="exact") == default


def test_unknown_models_are_refused_where_asked_for(service: GenerationService, picture: Image.Image) -> None:
    own = service.models.names[0]
    with serve_all(service, strict_models=True) as url:

        def edit(model: str) -> httpx.Response:
            files, data = {"image": png(picture)}, {"prompt": "a house", "model": model, "num_inference_steps": "2"}
            return httpx.post(f"{url}v1/images/edits", files=files, data=data, timeout=60)

        def generations(model: str) -> httpx.Response:
            return post(url, {"prompt": "a house", "model": model, "num_inference_steps": 1})

        for ask in (generations, edit):
            answer = ask("unknown")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
            assert answer.json()["error"]["param"] == "model"
            for known in (own, "gpt-image-1", "dall-e-3"):
                assert ask(known).status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": "a house", "n": 0}, "n"),
        ({"prompt": "a house", "n": 1000}, "n"),
        ({"prompt": "a house", "n": "2"}, "n"),
        ({"prompt": "a house", "size": "0x0"}, "size"),
        ({"prompt": "a house", "size": "1e9x1"}, "size"),
        ({"prompt": "a house", "size": "100x100"}, "size"),
        ({"prompt": "a house", "size": 256}, "size"),
        ({"prompt": "a house", "model": 3}, "model"),
        ({"prompt": "a house", "style": "oil"}, "style"),
        ({"prompt": "a house", "seed": 1.5}, "seed"),
        ({"prompt": "a house", "response_format": "file"}, "response_format"),
        ({"prompt": "a house", "output_format": ["png"]}, "output_format"),
        ({"prompt": "a house", "stream": "yes"}, "stream"),
        ({"prompt": "a house", "stream": True, "n": 2}, "n"),
        ({"prompt": "a house", "stream": True, "partial_images": 4}, "partial_images"),
        ([], None),
        (b"{", None),
        (b'{"prompt": "a", "seed": NaN}', None),
    ],
)
def test_bad_input_is_a_400_with_the_name_of_the_parameter(server: str, body: Any, param: str | None) -> None:
    answer = post(server, body)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert error["message"].endswith(".")


def test_other_refusals_have_the_same_form(server: str) -> None:
    large = post(server, b'{"prompt": "' + b"x" * (1 << 20) + b'"}')
    assert (large.status_code, large.json()["error"]["message"]) == (413, "The request is larger than 512 kB.")
    unknown = httpx.get(f"{server}v1/nothing")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_url")
    assert httpx.get(f"{server}v1/images/generations").status_code == 405
    assert post(server, {"prompt": "a"}, "edits").json()["error"]["param"] == "image"


def test_a_value_is_given_once(server: str, picture: Image.Image) -> None:
    def problem(answer: httpx.Response) -> str:
        assert answer.status_code == 400
        return str(answer.json()["error"]["message"])

    def edit(*files: str, **data: object) -> httpx.Response:
        own = [(name, ("a.png", png(picture))) for name in files]
        return httpx.post(f"{server}v1/images/edits", files=own, data=data, timeout=60)

    twice = "is given twice: give it once."
    assert problem(post(server, b'{"prompt": "a house", "prompt": "a moon"}')) == f"The 'prompt' {twice}"
    assert problem(edit("image", prompt=["a house", "a moon"])) == f"The 'prompt' {twice}"
    assert problem(edit("image", "mask", "mask", prompt="a house")) == f"The 'mask' {twice}"


def test_a_stream_has_previews_and_the_same_picture(client: openai.OpenAI) -> None:
    values: dict[str, Any] = {"extra_body": {"num_inference_steps": 4, "seed": 5}, "prompt": "a house"}
    events: list[Any] = list(client.images.generate(stream=True, partial_images=2, **values))
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert events[-1].usage.total_tokens == 0
    whole: Any = client.images.generate(**values)
    assert np.array_equal(pixels(decoded(events[-1])), pixels(decoded(whole.data[0])))


def png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, format="PNG")
    return content.getvalue()


@pytest.fixture
def picture() -> Image.Image:
    return Image.effect_noise((128, 128), 90).convert("RGB")


def test_an_edit_draws_the_transparent_part_of_the_mask_anew(
    client: openai.OpenAI, pipe: SanaPipeline, picture: Image.Image
) -> None:
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, (0, 0, 64, 128))
    mask = picture.copy()
    mask.putalpha(alpha)
    more: dict[str, Any] = {"prompt": "a house", "extra_body": {"num_inference_steps": 2, "seed": 3}}
    answer: Any = client.images.edit(image=[png(picture)], mask=png(mask), **more)
    ours = Image.eval(alpha, lambda value: 255 - value)
    expected = pipe("a house", image=picture, mask_image=ours, num_inference_steps=2, seed=3).images[0]
    assert np.array_equal(pixels(decoded(answer.data[0])), np.asarray(expected))
    with pytest.raises(openai.BadRequestError, match="transparent"):
        client.images.edit(image=png(picture), mask=png(picture), **more)
    with pytest.raises(openai.BadRequestError, match="no picture that can be read"):
        client.images.edit(image=b"no picture", **more)
    events: list[Any] = list(client.images.edit(image=png(picture), stream=True, **more))
    assert [event.type for event in events] == ["image_edit.completed"]


def test_who_hangs_up_ends_the_work(server: str, steps_done: list[int | str]) -> None:
    body = {"prompt": "a house", "num_inference_steps": 100}
    for more in ({}, {"stream": True}):
        steps_done.clear()
        with httpx.Client(timeout=60) as http:
            request = http.build_request("POST", f"{server}v1/images/generations", json={**body, **more})
            if more:
                http.send(request, stream=True)
                wait_for(lambda: steps_done)
            else:
                with pytest.raises(httpx.ReadTimeout):
                    httpx.post(request.url, json=body, timeout=1.5)
        wait_for(lambda: steps_done and steps_done[-1] == "closed")
        assert len(steps_done) < 50


def test_a_full_queue_says_when_to_come_back(pipe: SanaPipeline, steps_done: list[int | str]) -> None:
    from app import build_service
    from pipeline.jobs.job_queue import JobQueue
    from pipeline.jobs.model_sources import LoadedSource
    from pipeline.jobs.models import Models

    service = build_service(Models([LoadedSource(pipe)]), JobQueue(max_waiting=0))
    with serve_all(service) as url:
        busy = httpx.Client(timeout=60)
        slow = {"prompt": "a house", "num_inference_steps": 20, "stream": True}
        with busy.stream("POST", f"{url}v1/images/generations", json=slow):
            answer = post(url, {"prompt": "a house"})
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 120
        assert answer.json()["error"]["code"] == "rate_limit_exceeded"
        wait_for(lambda: steps_done[-1:] == ["closed"])
