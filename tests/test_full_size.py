"""The way from the miniature to a full-size model: looked up, made and put into the menu, with a fake Hub."""

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import precompile
from pipeline.domain.errors import SanaError
from pipeline.domain.progress import OnProgress, Progress
from pipeline.jobs.full_size import VARIANT, FullSize
from pipeline.jobs.model_sources import source_of
from pipeline.jobs.models import Models
from pipeline.server.server_options import ServerOptions
from tests.browsing import STILL
from tests.fake_hub import FakeHub
from tests.painter import Painter
from tests.serving import serve_page
from tests.waiting import wait_for

SOURCE = partial(source_of, device="CPU")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def checkpoint(hub: FakeHub, model: Path) -> int:
    """Put the tiny checkpoint on the fake Hub under the name of the full-size one; return its bytes."""
    folder = model.with_name("checkpoint")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.add(VARIANT.repo, files)
    return sum(map(len, files.values()))


@pytest.fixture
def exporter(model: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Copy a finished folder in place of an export; return a list of errors that it is to fail with."""
    errors: list[str] = []

    def run(arguments: Sequence[str], on_progress: OnProgress) -> None:
        options = precompile.parse([*arguments, "--json-progress", "--end-with-input"])
        assert options.model == VARIANT.repo
        on_progress(Progress("fetch", "1 of 4 MB fetched", 1e6, 4e6))
        if errors:
            raise SanaError(errors.pop())
        shutil.copytree(model, options.output)

    monkeypatch.setattr("pipeline.jobs.full_size.run_precompile", run)
    return errors


@pytest.mark.long
def test_a_full_size_model_is_looked_up_made_and_chosen(
    browser: Browser, hub: FakeHub, checkpoint: int, exporter: list[str], cache: None
) -> None:
    from app import build_service
    from pipeline.page.layout import build
    from pipeline.page.words import English

    service = build_service(Models([Painter()]))
    full_size = FullSize(service.models, SOURCE)
    with serve_page(build(service, English(), full_size)) as url, browser.new_context(**STILL) as context:
        context.set_default_timeout(30_000)
        tab = context.new_page()
        tab.goto(url)
        assert not tab.get_by_label("Model").is_visible()
        line, look_up = tab.locator("#full-size"), tab.get_by_role("button", name="Get a full-size model")
        repos = dict(hub.repos)
        hub.repos.clear()
        look_up.click()
        line.get_by_text(VARIANT.repo).wait_for()  # is not there
        hub.repos.update(repos)
        look_up.click()
        line.get_by_text(f"{checkpoint / 1e9:.1f} GB are fetched").wait_for()
        line.get_by_text("Gemma").wait_for()
        exporter.append("The <disk> is full.")
        tab.get_by_role("button", name="Fetch and convert it").click()
        line.get_by_text("The <disk> is full.").wait_for()
        tab.get_by_role("button", name="Fetch and convert it").click()
        line.get_by_text("is there: choose it").wait_for()
        tab.reload()  # the menu is that of the page's start
        tab.get_by_label("Model").click()
        tab.get_by_role("option", name=full_size.name).click()
        tab.locator("#badge").get_by_text(str(full_size.name)).wait_for()
        tab.locator("#badge").get_by_text("Ready").wait_for()


def test_what_was_made_is_there_at_the_next_start_and_what_is_damaged_is_not(
    exporter: list[str], cache: None, tmp_path: Path
) -> None:
    first = FullSize(Models([Painter()]), SOURCE)
    first.start()
    wait_for(lambda: first.name)
    again = Models([Painter()])
    assert FullSize(again, SOURCE).name == first.name == again.names[-1]
    (manifest,) = tmp_path.rglob("manifest.json")
    manifest.write_text(json.dumps({"format_version": 2}))
    damaged = FullSize(Models([Painter()]), SOURCE)
    assert damaged.name is None
    assert not damaged.is_running


@pytest.mark.parametrize(
    ("options", "is_private"),
    [
        (ServerOptions(port=0), True),
        (ServerOptions(port=0, share=True), False),
        (ServerOptions(port=0, root_path="/sana"), False),
        (ServerOptions(port=0, host="0.0.0.0"), False),
    ],
)
def test_only_a_page_that_nobody_else_reaches_offers_it(options: ServerOptions, is_private: bool) -> None:
    listeners = options.listen()
    assert options.is_private(listeners) == is_private
    for listener in listeners:
        listener.close()
