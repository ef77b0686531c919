"""The interfaces over HTTP, as one client of each uses them. An answer that is wrong raises AssertionError."""

import base64
import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import ValidationError
from gradio_client.utils import apply_diff

from pipeline.domain.settings import PARAMETERS
from pipeline.page.words import English

STEPS = 2  # of a picture; chosen: the requests, not the drawing, take the time
MANY_STEPS = 50  # of one that is cancelled; chosen: it lasts until it is
PARAMETER = {parameter.name: parameter for parameter in PARAMETERS}
ROOT = Path(__file__).parents[2]
INSIDE = ("Traceback", tempfile.gettempdir(), str(ROOT))  # of this program, in no answer
TIMEOUT = 600.0  # seconds; chosen: a request that waits for all others is not lost yet


class Way(Protocol):
    """An interface that one client uses."""

    name: str

    def __init__(self, url: str, number: int) -> None: ...

    def draw(self, prompt: str, seed: int) -> bytes:
        """Return a picture as a PNG file."""

    def cancel(self, prompt: str) -> None:
        """Ask for a picture, and end the request in the middle."""

    def be_refused(self) -> None:
        """Send a request with a size that no model has."""

    def close(self) -> None:
        """Let go of connections and files."""


def connect(url: str, **options: Any) -> httpx.Client:
    """Return a client that raises AssertionError for an answer that tells of the server's inside."""

    def check(answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            told = answer.read().decode(errors="replace")
            assert not any(inside in told for inside in INSIDE), told

    return httpx.Client(base_url=url, timeout=TIMEOUT, event_hooks={"response": [check]}, **options)


class OpenAi:
    name = "openai"

    def __init__(self, url: str, number: int) -> None:
        self._http = connect(f"{url}v1/images/")

    def draw(self, prompt: str, seed: int) -> bytes:
        answer = self._http.post("generations", json={"prompt": prompt, "seed": seed, "num_inference_steps": STEPS})
        assert answer.status_code == 200, answer.text
        return base64.b64decode(answer.json()["data"][0]["b64_json"])

    def cancel(self, prompt: str) -> None:
        """Hang up after the first preview."""
        body = {"prompt": prompt, "num_inference_steps": MANY_STEPS, "stream": True, "partial_images": 3}
        with self._http.stream("POST", "generations", json=body) as answer:
            assert answer.status_code == 200
            next(answer.iter_lines())

    def be_refused(self) -> None:
        answer = self._http.post("generations", json={"prompt": "a house", "size": "100x100"})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "size"), answer.text

    def close(self) -> None:
        self._http.close()


class Automatic1111:
    name = "automatic1111"

    def __init__(self, url: str, number: int) -> None:
        """`number` makes the name that the client sends with an empty password."""
        self._http = connect(f"{url}sdapi/v1/", auth=(f"client {number}", ""))

    def draw(self, prompt: str, seed: int) -> bytes:
        answer = self._http.post("txt2img", json={"prompt": prompt, "seed": seed, "steps": STEPS})
        assert answer.status_code == 200, answer.text
        return base64.b64decode(answer.json()["images"][0])

    def cancel(self, prompt: str) -> None:
        """Interrupt the request when its first step is done."""
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self._http.post, "txt2img", json={"prompt": prompt, "steps": MANY_STEPS})
            while not answer.done() and not self._http.get("progress").json()["state"]["sampling_steps"]:
                time.sleep(0.1)
            self._http.post("interrupt")
            assert answer.result().status_code == 200, answer.result().text

    def be_refused(self) -> None:
        answer = self._http.post("txt2img", json={"prompt": "a house", "width": 100})
        assert answer.status_code == 400, answer.text
        assert answer.json()["detail"].endswith("."), answer.text

    def close(self) -> None:
        self._http.close()


class Endpoint:
    name = "/generate"

    def __init__(self, url: str, number: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="soak-")
        self._client = Client(url, verbose=False, download_files=self._folder.name)

    def draw(self, prompt: str, seed: int) -> bytes:
        values: dict[str, Any] = {"prompt": prompt, "seed": seed, "num_inference_steps": STEPS}
        images, _, _ = self._client.predict(**values, api_name="/generate")
        file = Path(images[0]["image"])
        content = file.read_bytes()
        shutil.rmtree(file.parent)
        return content

    def cancel(self, prompt: str) -> None:
        """Cancel the request when its first update has come."""
        job = self._client.submit(prompt=prompt, num_inference_steps=MANY_STEPS, api_name="/generate")
        while not job.done() and not job.outputs():
            time.sleep(0.1)
        job.cancel()

    def be_refused(self) -> None:
        with pytest.raises(ValidationError, match="The width must be"):
            self._client.predict(prompt="a house", width=100, api_name="/generate")

    def close(self) -> None:
        self._client.close()
        self._folder.cleanup()


class Page:
    """The page's own events, as its scripts send them. It leaves in the middle in both ways: by Stop, and closed."""

    name = "page"

    def __init__(self, url: str, number: int) -> None:
        self._http = connect(f"{url}gradio_api/")
        self._session = secrets.token_hex(16)
        self._is_closing = False
        self._token = ""
        config = httpx.get(f"{url}config", timeout=TIMEOUT).json()
        events = {event["api_name"]: event for event in config["dependencies"]}
        shown = {component["id"]: component["props"] for component in config["components"]}
        controls = [shown[component] for component in events["show"]["inputs"]]
        self._labels = [props.get("label") for props in controls]
        self._values = [props.get("value") for props in controls]
        self._show, self._stop = events["show"]["id"], events["stop"]["id"]

    def draw(self, prompt: str, seed: int) -> bytes:
        paths: list[str] = []
        for shown, *_ in self._updates(prompt=prompt, seed=seed, randomize_seed=False, num_inference_steps=STEPS):
            files = (shown.get("pictures") or []) if isinstance(shown, dict) else []
            paths += [file["path"] for file in files if file.get("path")]
        assert paths, "no picture came"
        answer = self._http.get(f"file={paths[-1]}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def cancel(self, prompt: str) -> None:
        self._is_closing = not self._is_closing
        for _ in self._updates(prompt=prompt, num_inference_steps=MANY_STEPS):
            if self._is_closing:
                self.open_anew()  # to the closed session, updates still go
                return
            body = {"fn_index": self._stop, "data": [self._token], "session_hash": self._session}
            self._http.post("run/predict", json=body).raise_for_status()

    def open_anew(self) -> None:
        """Be another visitor's page."""
        self._session = secrets.token_hex(16)

    def be_refused(self) -> None:
        *_, (_, _, problem, *_) = self._updates(prompt="a house", width=100)
        assert "The width must be" in str(problem), problem

    def close(self) -> None:
        self._http.close()

    def _updates(self, **values: Any) -> Iterator[list[Any]]:
        """Press Generate; yield the outputs of each update."""
        self._token = secrets.token_hex(16)
        *controls, _, listed = self._values
        data = [*controls, self._token, listed]  # the token, which the page's script makes, is the last input but one
        for name, value in values.items():
            data[self._labels.index(English().label(PARAMETER[name]))] = value
        body = {"fn_index": self._show, "data": data, "session_hash": self._session}
        self._http.post("queue/join", json=body).raise_for_status()
        outputs: list[Any] = []
        with self._http.stream("GET", "queue/data", params={"session_hash": self._session}) as answer:
            for line in answer.iter_lines():
                message = json.loads(line.removeprefix("data: ") or "{}")
                if message.get("msg") == "process_generating":
                    news = message["output"]["data"]
                    outputs = [apply_diff(*each) for each in zip(outputs, news, strict=True)] if outputs else news
                    yield outputs
                elif message.get("msg") == "process_completed":
                    assert message["success"], message
                    return
        raise AssertionError("the stream ended before the event")


WAYS: tuple[type[Way], ...] = (OpenAi, Automatic1111, Endpoint, Page)
