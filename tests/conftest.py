"""What several test files share: one tiny model, precompiled once, the page serving it over HTTP, and a fake Hub."""

import asyncio
import os
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pipeline import telemetry
from tests.fake_hub import HUB
from tests.sockets import SocketLog

# Read where torch is imported: of tiny tensors, its threads cost twice the time of one, waiting beside OpenVINO's.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Read where the Hub's client is imported: no test ever asks the real Hub, or sees this machine's cache and token.
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING_FACE_"))]:
    del os.environ[name]
os.environ.update(HUB.environment)
telemetry.switch_off()


# Files whose tests export models of their own, start processes or a browser, or compute at full size: minutes.
SLOW = {"benchmark", "browser", "browser_more", "cli", "compiled_model", "conversion", "draft", "export", "imports"}
SLOW |= {"illustrations", "load", "miniature", "optimum", "parity", "process_end", "space", "telemetry", "vae_decoder"}
SLOW |= {"browser_pictures", "winograd"}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem.removeprefix("test_") in SLOW:
            item.add_marker("slow")


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory):
    """What the page remembers of this machine goes to a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def sockets(tmp_path):
    """Which hosts child processes ask that run in its environment."""
    folder = tmp_path / "sockets"
    folder.mkdir()
    return SocketLog(folder)


@pytest.fixture(scope="session")
def browser():
    from tests.browsing import chromium

    with chromium() as browser:
        if browser is None:
            reason = "there is no chromium here (Debian and Ubuntu: apt-get install chromium)"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        yield browser


@pytest.fixture
def requests():
    return []


@pytest.fixture
def tab(browser, page, requests, request):
    """The page in a browser of its own, with every request that it makes written down; CI keeps its last look."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page)
    yield tab
    print("The page's last words:", tab.locator("body").inner_text())  # pytest shows them of a test that failed
    if os.environ.get("CI"):
        name = re.sub(r"\W+", "-", request.node.name)
        tab.screenshot(path=f"screenshots/{name}.png", full_page=True)
    context.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The IR folder of a random tiny checkpoint. Not to be changed: copy it."""
    from pipeline.export import precompile
    from tests.tiny_checkpoint import build

    root = tmp_path_factory.mktemp("model")
    build(root / "checkpoint", sample_size=8)
    return precompile(root / "checkpoint", root / "ir", "fp16", on_progress=lambda progress: None)


@pytest.fixture(scope="session")
def pipe(model):
    from pipeline import SanaPipeline

    return SanaPipeline.from_pretrained(model)


@pytest.fixture(scope="session")
def page(pipe):
    """The address of the page."""
    from app import build_app

    with serve_page(build_app(pipe)) as url:
        yield url


@contextmanager
def serve_page(app, **options):
    """Serves a page as app.py does, with options of the server; yields its address."""
    from pipeline.page.words import English
    from pipeline.server import serving
    from pipeline.server.server_options import ServerOptions

    options = ServerOptions(port=free_port(), **options)
    with serving.serve(app, English(), options, options.listen()) as served:
        yield served.url


@pytest.fixture
def steps_done(pipe, monkeypatch):
    """What the pipeline does from now on, slowed down: a number for each step, "closed" when a generation ends."""
    from pipeline.domain.updates import StepUpdate

    events = []
    original = pipe.generate

    def generate(settings, given=None):
        try:
            for update in original(settings):
                if isinstance(update, StepUpdate):
                    events.append(update.step)
                    time.sleep(0.5)  # 100 steps outlast a slow browser on a busy machine
                yield update
        finally:
            events.append("closed")

    monkeypatch.setattr(pipe, "generate", generate)
    return events


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The fake Hub, empty, and an empty cache of the client."""
    from huggingface_hub import constants

    from pipeline.hub import client

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)  # between two tries, ours and the client's own
    HUB.forget()
    with HUB.running():
        yield HUB


@pytest.fixture(scope="session")
def files(model):
    """An IR repo's files: the model's, and what nobody needs to run it."""
    ir = {path.relative_to(model).as_posix(): path.read_bytes() for path in model.rglob("*") if path.is_file()}
    return {".gitattributes": b"", "README.md": b"# A card", "sample.png": b"png" * 1000, **ir}


@pytest.fixture
def repo(hub, files):
    """A whole model on the fake Hub, with a tag."""
    repo = hub.add("tester/sana-ir", files)
    repo.tags["openvino-2026.4.1-fp16"] = repo.main
    return repo


@pytest.fixture
def offline(monkeypatch):
    """Called, it cuts the Hub's client off."""

    def switch() -> None:
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    return switch


@pytest.fixture
def slow_bands(pipe, monkeypatch):
    """Decoding in many small bands, slowed down: a number for each, "done", and "closed" when a generation ends."""
    from pipeline.domain.updates import DecodeUpdate, Result

    events = []
    original = pipe.generate

    def generate(settings, given=None):
        try:
            for update in original(settings):
                if isinstance(update, DecodeUpdate):
                    for band in range(1, 101):
                        events.append(band)
                        yield DecodeUpdate(1, 1, band, 100)
                        time.sleep(0.5)
                else:
                    events.extend(["done"] * isinstance(update, Result))
                    yield update
        finally:
            events.append("closed")

    monkeypatch.setattr(pipe, "generate", generate)
    return events


def wait_for(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def run_async(coroutine):
    """What a coroutine returns, run in a thread of its own: Playwright keeps a loop in the tests' thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@pytest.fixture
def port():
    return free_port()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
