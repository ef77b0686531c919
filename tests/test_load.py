"""Twenty clients at once, a hundred requests, some cancelled, some invalid: none lost, none mixed up, memory flat."""

import base64
import gc
import io
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
from gradio_client import Client
from gradio_client.exceptions import ValidationError
from PIL import Image

from pipeline import SanaPipeline
from pipeline.domain.settings import GenerationSettings
from pipeline.generation.metadata import read_settings
from pipeline.jobs.service import GenerationService
from pipeline.page.layout import build
from pipeline.page.words import English
from tests.conftest import serve_page, wait_for

CLIENTS = 20
ALLOWED_GROWTH = 150e6  # bytes; pictures that pile up, or a model loaded twice, take more


class Person(threading.Thread):
    """Requests, one after the other: the second is cancelled and the third invalid."""

    def __init__(self, number: int, page: str, folder: Path, requests: int) -> None:
        super().__init__(daemon=True)
        self.number, self.page, self.folder, self.requests = number, page, folder / str(number), requests
        self.pictures: list[tuple[int, GenerationSettings]] = []
        self.refusals: list[str] = []
        self.cancelled = 0

    def run(self) -> None:
        client = Client(self.page, verbose=False, download_files=str(self.folder))
        for request in range(self.requests):
            seed = 100 * self.number + request
            values = {"prompt": f"house {seed}", "seed": seed, "num_inference_steps": 1, "api_name": "/generate"}
            if request == 1:
                self.cancelled += client.submit(**values).cancel()
            elif request == 2:
                try:
                    client.predict(**{**values, "width": 100 + self.number})
                except ValidationError as error:
                    self.refusals.append(str(error))
            else:
                images, _, _ = client.predict(**values)
                self.pictures.append((seed, read_settings(images[0]["image"])))


def test_twenty_clients_with_a_hundred_requests(page: str, pipe: SanaPipeline, tmp_path: Path) -> None:
    process = psutil.Process()
    ask_all(page, pipe, tmp_path / "warm", requests=2)  # fills what is kept for good: threads, connections, caches
    before = process.memory_info().rss
    for person in ask_all(page, pipe, tmp_path / "measured", requests=5):
        seeds = [100 * person.number + request for request in (0, 3, 4)]
        assert [seed for seed, _ in person.pictures] == seeds
        assert [settings.seed for _, settings in person.pictures] == seeds
        assert [settings.prompt for _, settings in person.pictures] == [f"house {seed}" for seed in seeds]
        assert len(person.refusals) == 1
        assert "The width must be a multiple of 32" in person.refusals[0]
    del person
    gc.collect()
    assert process.memory_info().rss - before < ALLOWED_GROWTH


def ask_all(page: str, pipe: SanaPipeline, folder: Path, requests: int) -> list[Person]:
    """Let all clients ask at once, and return them when nothing of them is under way any more."""
    people = [Person(number, page, folder, requests) for number in range(CLIENTS)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=400)
        assert not person.is_alive()
    wait_for(lambda: pipe("a moon", num_inference_steps=1))  # whatever was cancelled has let go of the model
    gc.collect()
    return people


def draw_openai(url: str, seed: int) -> str:
    body = {"prompt": f"house {seed}", "seed": seed, "num_inference_steps": 1}
    return httpx.post(f"{url}v1/images/generations", json=body, timeout=300).json()["data"][0]["b64_json"]


def draw_automatic1111(url: str, seed: int) -> str:
    body = {"prompt": f"house {seed}", "seed": seed, "steps": 1}
    return httpx.post(f"{url}sdapi/v1/txt2img", json=body, timeout=300).json()["images"][0]


def draw_page(url: str, seed: int) -> str:
    values = {"prompt": f"house {seed}", "seed": seed, "num_inference_steps": 1, "api_name": "/generate"}
    images, _, _ = Client(url, verbose=False).predict(**values)
    with open(images[0]["image"], "rb") as file:
        return base64.b64encode(file.read()).decode()


def test_twenty_clients_over_all_interfaces(service: GenerationService) -> None:
    """Each three get the same picture, byte for byte, and each their own."""
    drawn: dict[tuple[str, int], str] = {}
    with serve_page(build(service, English()), service) as url:

        def ask(draw: Callable[[str, int], str], seed: int) -> None:
            drawn[draw.__name__, seed] = draw(url, seed)

        ways = (draw_openai, draw_automatic1111, draw_page)
        people = [threading.Thread(target=ask, args=(way, seed)) for seed in range(7) for way in ways]
        for person in people:
            person.start()
        for person in people:
            person.join(timeout=400)
    for seed in range(7):
        (picture,) = {drawn[way.__name__, seed] for way in ways}
        text = Image.open(io.BytesIO(base64.b64decode(picture))).info["parameters"]
        assert text.startswith(f"house {seed}")
        assert f"Seed: {seed}" in text
