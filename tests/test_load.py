"""Twenty clients at once, some requests cancelled, some invalid: none lost, none mixed up.

Whether memory stays flat takes more pictures: `python -m tests.soak`.
"""

import base64
import io
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
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

CLIENTS, REQUESTS = 20, 4


class Person(threading.Thread):
    """A client's requests, one after the other: the second is cancelled and the third invalid."""

    def __init__(self, number: int, page: str, folder: Path) -> None:
        super().__init__(daemon=True)
        self.number, self.page, self.folder = number, page, folder / str(number)
        self.pictures: list[tuple[int, GenerationSettings]] = []
        self.refusals: list[str] = []
        self.cancelled = 0

    def run(self) -> None:
        client = Client(self.page, verbose=False, download_files=str(self.folder))
        for request in range(REQUESTS):
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


def test_twenty_clients_of_the_page(page: str, pipe: SanaPipeline, tmp_path: Path) -> None:
    people = [Person(number, page, tmp_path) for number in range(CLIENTS)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=400)
        assert not person.is_alive()
        seeds = [100 * person.number + request for request in (0, 3)]
        assert [seed for seed, _ in person.pictures] == seeds
        assert [settings.seed for _, settings in person.pictures] == seeds
        assert [settings.prompt for _, settings in person.pictures] == [f"house {seed}" for seed in seeds]
        assert len(person.refusals) == 1
        assert "The width must be a multiple of 32" in person.refusals[0]
    wait_for(lambda: pipe("a moon", num_inference_steps=1))  # whatever was cancelled has let go of the model


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
