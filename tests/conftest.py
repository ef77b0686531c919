"""Fixtures of several test files: one tiny model, exported once; the page that serves it; a fake Hub."""

import gc
import os
import re
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from pipeline import telemetry
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import Update
from tests.fake_hub import HUB, FakeHub, Repo
from tests.serving import free_port, serve_all, serve_page
from tests.sockets import SocketLog

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from pipeline import SanaPipeline
    from pipeline.jobs.service import GenerationService
    from tests.painter import Painter

# torch reads this when it is imported. On tiny tensors its threads wait beside OpenVINO's and double the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# The Hub's client reads these when it is imported. No test asks the real Hub or sees this machine's cache and token.
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING_FACE_"))]:
    del os.environ[name]
os.environ.update(HUB.environment)
telemetry.switch_off()


# Files that export models, serve them, or start processes or a browser.
SLOW = (
    *("cli", "browser_more", "space", "export", "browser", "vae_decoder", "parity", "load", "benchmark"),
    *("vae_encoder", "image_to_image", "draft", "optimum", "conversion", "imports", "winograd", "miniature"),
    *("compiled_model", "miniature_training", "telemetry", "process_end", "batch", "browser_pictures"),
    *("browser_kept", "lora", "soak", "browser_gallery", "browser_list", "full_size", "languages"),
    *("cluster_replicas", "browser_phone", "page_speed", "firefox", "app", "visitors", "compile_cache", "server"),
    *("hub_faults", "hub_upload", "sana", "words", "device", "access", "automatic1111", "openai", "model_files"),
    *("cgroup", "variation", "live", "explore"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = item.path.stem.removeprefix("test_")
        return SLOW.index(name) if name in SLOW else len(SLOW)

    items.sort(key=place)
    for item in items:
        if place(item) < len(SLOW) or item.get_closest_marker("long"):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    spare_libraries()


def spare_libraries() -> None:
    """Hide all objects that exist now from the garbage collector.

    These are mostly the libraries', which never go. A full collection over them takes 0.3 s, and exports collect often.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the program a cache folder of the tests' own, and what they leave as temporary files likewise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def sockets(tmp_path: Path) -> SocketLog:
    """Return a log of the hosts that child processes ask if they run in its environment."""
    folder = tmp_path / "sockets"
    folder.mkdir()
    return SocketLog(folder)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import expect

    from tests.browsing import chromium, missing

    expect.set_options(timeout=60_000)  # as long as all else that browser tests wait for: machines may be busy
    with chromium() as browser:
        yield browser or missing("chromium")


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def tab(browser: "Browser", page: str, requests: list[str], request: pytest.FixtureRequest) -> Iterator["Page"]:
    """Yield the page in a browser context of its own; `requests` gets the URL of each request.

    In CI, a picture of the page is kept at the end of each test.
    """
    from tests.browsing import STILL

    context = browser.new_context(viewport={"width": 1280, "height": 900}, **STILL)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page)
    yield tab
    print("The page's last words:", tab.locator("body").inner_text())  # shown if the test fails
    if os.environ.get("CI"):
        name = re.sub(r"\W+", "-", request.node.name)
        tab.screenshot(path=f"screenshots/{name}.png", full_page=True)
    context.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a family's name to an IR folder. Its random checkpoint lies beside it, as tiny-FAMILY.

    It is exported once for all processes of the tests. Copy it to change it.
    """
    from pipeline.export import precompile
    from tests.tiny_checkpoint import build

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def exported(family: str) -> Path:
        root = shared / family
        with FileLock(f"{root}.lock"):
            if not (root / "ir").exists():
                checkpoint = build(root / f"tiny-{family}", sample_size=8, family=family)
                precompile(checkpoint, root / "ir", "fp16", on_progress=lambda progress: None)
                spare_libraries()  # an export loads more of them
        return root / "ir"

    return exported


@pytest.fixture(scope="session")
def model(tiny: Callable[[str], Path]) -> Path:
    """Return the IR folder of the random checkpoint tiny-flow, which lies beside it. Copy it to change it."""
    return tiny("flow")


@pytest.fixture(scope="session")
def pipe(model: Path) -> "SanaPipeline":
    from pipeline import SanaPipeline

    return SanaPipeline.from_pretrained(model)


@pytest.fixture(scope="session")
def page(pipe: "SanaPipeline") -> Iterator[str]:
    """Yield the address of the page."""
    from app import build_app

    with serve_page(build_app(pipe)) as url:
        yield url


@pytest.fixture(scope="module")
def painter() -> "Painter":
    """Return a pipeline that draws at once."""
    from tests.painter import Painter

    return Painter()


@pytest.fixture(scope="session")
def service(pipe: "SanaPipeline") -> "GenerationService":
    """Return what all interfaces submit to."""
    from app import build_service
    from pipeline.jobs.model_sources import LoadedSource
    from pipeline.jobs.models import Models

    return build_service(Models([LoadedSource(pipe)]))


@pytest.fixture(scope="session")
def server(service: "GenerationService") -> Iterator[str]:
    """Yield the address of all interfaces for other programs."""
    with serve_all(service) as url:
        yield url


@pytest.fixture
def steps_done(pipe: "SanaPipeline", monkeypatch: pytest.MonkeyPatch) -> list[int | str]:
    """Slow the pipeline down; return a list that gets the number of each step, and "closed" when a generation ends."""
    from pipeline.domain.updates import StepUpdate

    events: list[int | str] = []
    original = pipe.generate

    def generate(settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
        try:
            for update in original(settings):
                if isinstance(update, StepUpdate):
                    events.append(update.step)
                    time.sleep(0.5)  # so that 100 steps outlast a slow browser on a busy machine
                yield update
        finally:
            events.append("closed")

    monkeypatch.setattr(pipe, "generate", generate)
    return events


@pytest.fixture(scope="session")
def answering_hub() -> Iterator[FakeHub]:
    with HUB.running():
        yield HUB


@pytest.fixture
def hub(answering_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    """Return the fake Hub, empty, while the client's cache is empty too."""
    from huggingface_hub import constants

    from pipeline.hub import client

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)  # between tries, ours and the client's own
    answering_hub.forget()
    return answering_hub


@pytest.fixture(scope="session")
def files(model: Path) -> dict[str, bytes]:
    """Return the files of an IR repo: the model's, and some that nobody needs to run it."""
    ir = {path.relative_to(model).as_posix(): path.read_bytes() for path in model.rglob("*") if path.is_file()}
    return {".gitattributes": b"", "README.md": b"# A card", "sample.png": b"png" * 1000, **ir}


@pytest.fixture
def repo(hub: FakeHub, files: dict[str, bytes]) -> Repo:
    """Return a whole model on the fake Hub, with a tag."""
    repo = hub.add("tester/sana-ir", files)
    repo.tags["openvino-2026.4.1-fp16"] = repo.main
    return repo


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that cuts the Hub's client off."""

    def switch() -> None:
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    return switch


@pytest.fixture
def slow_bands(pipe: "SanaPipeline", monkeypatch: pytest.MonkeyPatch) -> list[int | str]:
    """Decode in 100 slow bands; return a list that gets the number of each, "done", and "closed" at the end."""
    from pipeline.domain.updates import DecodeUpdate, Result

    events: list[int | str] = []
    original = pipe.generate

    def generate(settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
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


@pytest.fixture
def port() -> int:
    return free_port()
