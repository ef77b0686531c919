"""Twenty clients at once, some requests cancelled, some invalid: none lost, none mixed up.

Whether memory stays flat takes more pictures: `python -m tests.soak`.
"""

import base64
import io
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import ValidationError
from PIL import Image

from pipeline import SanaPipeline
from pipeline.jobs.service import GenerationService
from pipeline.page.layout import build
from pipeline.page.words import English
from tests.serving import serve_page
from tests.waiting import wait_for

EACH = 7  # clients of each of the three interfaces


class Person(threading.Thread):
    """A client's requests, one after the other: the page's second one is cancelled, and all third ones are invalid."""

    def __init__(self, number: int, url: str) -> None:
        super().__init__(daemon=True)
        self.number, self.url = number, url
        self.pictures: list[bytes] = []
        self.refusal = ""

    def run(self) -> None:
        self.pictures.append(self.draw(0))
        self.cancel(1)
        self.refusal = self.refused(2)
        self.pictures.append(self.draw(3))

    def body(self, request: int) -> dict[str, Any]:
        seed = 10 * self.number + request
        return {"prompt": f"house {seed}", "seed": seed}

    def draw(self, request: int) -> bytes:
        """Return the file of a picture."""
        raise NotImplementedError

    def refused(self, request: int) -> str:
        """Return what is answered to a width of 100."""
        raise NotImplementedError

    def cancel(self, request: int) -> None:
        """Hang up or cancel, if the interface has a way."""


class OfOpenAI(Person):
    def draw(self, request: int) -> bytes:
        return base64.b64decode(self.post(request).json()["data"][0]["b64_json"])

    def refused(self, request: int) -> str:
        return self.post(request, size="100x256").text

    def post(self, request: int, **more: str) -> httpx.Response:
        body = {**self.body(request), "num_inference_steps": 1, **more}
        return httpx.post(f"{self.url}v1/images/generations", json=body, timeout=300)


class OfAutomatic1111(Person):
    def draw(self, request: int) -> bytes:
        return base64.b64decode(self.post(request).json()["images"][0])

    def refused(self, request: int) -> str:
        return self.post(request, width=100).text

    def post(self, request: int, **more: int) -> httpx.Response:
        body = {**self.body(request), "steps": 1, **more}
        return httpx.post(f"{self.url}sdapi/v1/txt2img", json=body, timeout=300)


class OfPage(Person):
    def run(self) -> None:
        self.client = Client(self.url, verbose=False)
        super().run()

    def draw(self, request: int) -> bytes:
        images, _, _ = self.client.predict(**self.values(request))
        return Path(images[0]["image"]).read_bytes()

    def refused(self, request: int) -> str:
        with pytest.raises(ValidationError) as refused:
            self.client.predict(**{**self.values(request), "width": 100})
        return str(refused.value)

    def cancel(self, request: int) -> None:
        self.client.submit(**self.values(request)).cancel()

    def values(self, request: int) -> dict[str, Any]:
        return {**self.body(request), "num_inference_steps": 1, "api_name": "/generate"}


@pytest.mark.long
def test_twenty_clients_over_all_interfaces(service: GenerationService, pipe: SanaPipeline) -> None:
    """Each three get the same two pictures, byte for byte, and each their own."""
    ways = (OfPage, OfOpenAI, OfAutomatic1111)
    with serve_page(build(service, English()), service) as url:
        people = [way(number, url) for number in range(EACH) for way in ways]
        for person in people:
            person.start()
        for person in people:
            person.join(timeout=400)
            assert not person.is_alive()
        wait_for(lambda: pipe("a moon", num_inference_steps=1))  # whatever was cancelled has let go of the model
    assert all("multiple of 32" in person.refusal for person in people)
    for number in range(EACH):
        first, second, third = (person.pictures for person in people if person.number == number)
        assert first == second == third
        for request, picture in zip((0, 3), first, strict=True):
            seed = 10 * number + request
            text = Image.open(io.BytesIO(picture)).info["parameters"]
            assert text.startswith(f"house {seed}")
            assert f"Seed: {seed}" in text
