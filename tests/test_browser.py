"""The page in a real browser: Debian's chromium, driven by playwright."""

import os
import re
import shutil

import pytest

from pipeline.image import read_settings, write_png
from pipeline.settings import MAX_STEPS
from tests.conftest import wait_for

STEPS = "number input for Steps"
PROGRESS = re.compile(r"^Step \d+ of")


@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium")
    if executable is None:
        reason = "there is no chromium here (Debian and Ubuntu: apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def requests():
    return []


@pytest.fixture
def tab(browser, page, requests):
    """The page in a tab, with every request that it makes written down."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(60_000)
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page)
    yield tab
    tab.close()


def generate(tab, prompt="a red house"):
    tab.get_by_label("Prompt", exact=True).fill(prompt)
    tab.get_by_role("button", name="Generate").click()


def set_steps(tab, steps):
    tab.get_by_text("More settings").click()
    tab.get_by_label(STEPS).fill(str(steps))
    tab.get_by_label(STEPS).press("Tab")


def test_a_prompt_becomes_a_picture_that_can_be_downloaded(tab, pipe, tmp_path):
    tab.get_by_label("Seed", exact=True).fill("12")
    tab.get_by_label("Seed", exact=True).press("Tab")  # a typed seed is kept: "random" goes off
    generate(tab)
    tab.get_by_text("Done in").wait_for()
    picture = tab.get_by_test_id("detailed-image")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == pipe.defaults.width
    with tab.expect_download() as download:
        tab.get_by_label("Download").click()
    download.value.save_as(tmp_path / "picture.png")
    assert read_settings(tmp_path / "picture.png") == pipe.settings("a red house", seed=12)
    write_png(pipe("a red house", seed=12).images[0], tmp_path / "expected.png")
    assert (tmp_path / "picture.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


def test_random_is_on_and_the_seed_that_was_used_is_shown(tab):
    assert tab.get_by_label("Random seed").is_checked()
    generate(tab)
    tab.get_by_text("Done in").wait_for()
    assert tab.get_by_label("Seed", exact=True).input_value() != "0"


def test_stop_stops(tab, steps_done):
    set_steps(tab, MAX_STEPS)
    generate(tab)
    tab.get_by_text(PROGRESS).wait_for()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Stopped").wait_for()
    wait_for(lambda: steps_done[-1] == "closed")
    assert len(steps_done) < MAX_STEPS
    tab.get_by_label(STEPS).fill("1")
    generate(tab)  # the next one is not held up
    tab.get_by_text("Done in").wait_for()


def test_a_closed_tab_stops_the_work(browser, page, steps_done):
    tab = browser.new_page()
    tab.goto(page)
    set_steps(tab, MAX_STEPS)
    generate(tab)
    tab.get_by_text(PROGRESS).wait_for()
    tab.close()
    wait_for(lambda: steps_done[-1] == "closed")
    assert len(steps_done) < MAX_STEPS


def test_an_empty_prompt_is_refused_beside_the_field(tab):
    generate(tab, prompt=" ")
    tab.locator("#ask").get_by_text("The prompt is empty").wait_for()


def test_an_example_fills_the_prompt_and_a_shape_the_size(tab):
    tab.get_by_text("two yellow stars at night").click()
    tab.wait_for_function("document.querySelector('textarea').value === 'two yellow stars at night'")
    tab.get_by_text("Wide", exact=True).click()
    tab.wait_for_function("document.querySelector('[aria-label=\"number input for Width\"]').value === '352'")
    assert tab.get_by_label("number input for Height").input_value() == "192"


def test_no_request_leaves_this_machine(tab, page, requests):
    generate(tab)
    tab.get_by_text("Done in").wait_for()
    assert requests
    assert [url for url in requests if not url.startswith((page, "data:", "blob:"))] == []


def test_it_fits_a_narrow_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
