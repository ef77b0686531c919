"""Measure what a route adds to the Python call, with the miniature: `python -m tests.measure_overhead`.

app.py serves in a process of its own. All ways are asked in turns, each time with a prompt that its process has not
seen, and the Python call in this process. Its picture is not encoded; those of the routes are PNG files. Medians.
"""

import base64
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from gradio_client import Client

from pipeline import SanaPipeline
from tests.benchmark.machine import describe
from tests.served import miniature_folder, serve_miniature

RUNS = 40
STEPS = 1  # chosen: what a route adds does not depend on it, and noise does
AIM = 30.0  # milliseconds over the Python call

Draw = Callable[[str], object]


def routes(url: str, folder: str) -> dict[str, Draw]:
    """Return functions that draw a prompt and read its picture, by the name of the route."""
    http = httpx.Client(base_url=url, timeout=60)
    client = Client(url, verbose=False, download_files=folder)

    def asked(prompt: str) -> dict[str, Any]:
        return {"prompt": prompt, "seed": 1, "num_inference_steps": STEPS}

    def openai(prompt: str, **more: Any) -> dict[str, Any]:
        answer = http.post("v1/images/generations", json=asked(prompt) | more).raise_for_status()
        return answer.json()["data"][0]

    def url_of_openai(prompt: str) -> bytes:
        return http.get(openai(prompt, response_format="url")["url"]).raise_for_status().content

    def automatic1111(prompt: str) -> bytes:
        answer = http.post("sdapi/v1/txt2img", json={"prompt": prompt, "seed": 1, "steps": STEPS}).raise_for_status()
        return base64.b64decode(answer.json()["images"][0])

    def endpoint(prompt: str) -> bytes:
        event = http.post("gradio_api/call/v2/generate", json=asked(prompt)).raise_for_status().json()["event_id"]
        *_, complete = http.get(f"gradio_api/call/v2/generate/{event}").raise_for_status().text.strip().splitlines()
        images, _, _ = json.loads(complete.removeprefix("data: "))
        return http.get(images[0]["image"]["url"]).raise_for_status().content

    def gradio_client(prompt: str) -> bytes:
        images, _, _ = client.predict(**asked(prompt), api_name="/generate")
        return Path(images[0]["image"]).read_bytes()

    return {
        "`/v1/images/generations`, base64": lambda prompt: base64.b64decode(openai(prompt)["b64_json"]),
        "`/v1/images/generations`, URL": url_of_openai,
        "`/sdapi/v1/txt2img`": automatic1111,
        "`/generate`": endpoint,
        "`/generate`, by gradio_client": gradio_client,
    }


def measure(ways: dict[str, Draw]) -> dict[str, float]:
    """Return the median milliseconds of each way; the first turn does not count."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(RUNS + 1):
        for place, (name, draw) in enumerate(ways.items()):
            start = time.perf_counter()
            draw(f"a red house, way {place}, run {run}")
            if run:
                spent[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in spent.items()}


def main() -> None:
    machine = describe()
    pipe = SanaPipeline.from_pretrained(miniature_folder())
    with serve_miniature() as server, tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # gradio_client leaves an empty folder there for each file that it gets
        load = os.getloadavg()[0]
        ways: dict[str, Draw] = {"Python": lambda prompt: pipe(prompt, seed=1, num_inference_steps=STEPS)}
        medians = measure({**ways, **routes(server.url, folder)})
    print(f"{machine['cpu']}, {machine['cores']} cores, load {load:.1f} at the start; medians of {RUNS}\n")
    print(f"| way | milliseconds | more than Python (aim: below {AIM:.0f}) |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:.1f} | {median - medians['Python']:.1f} |")


if __name__ == "__main__":
    main()
