"""What a person does on the page, for the browser tests and the screenshots; controls by their visible names."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Locator, Page

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")  # a green one that moves
STILL: dict[str, Any] = {"reduced_motion": "reduce"}
"""Of a browser's context: animations are painted without a graphics card, which took a quarter of two tests' time."""
EXPLORE = "Explore: a grid over two settings"
STEPS = "number input for Steps"
PROGRESS = re.compile(r"^Step \d+ of")
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """Yield Debian's chromium, or None where it is not installed."""
    executable = shutil.which("chromium")
    if executable is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", *CAMERA])
        yield browser
        browser.close()


def prompt(tab: Page) -> Locator:
    return tab.get_by_label("Prompt", exact=True)


def picture(tab: Page) -> Locator:
    return tab.get_by_test_id("detailed-image")


def wait_for_width(tab: Page, width: int) -> None:
    """Wait until a picture of so many pixels in a row is decoded: it takes the place of its preview."""
    image = "document.querySelector('[data-testid=detailed-image]')"  # a new one at each look
    is_there = f"{image}?.decode().then(() => {image}.naturalWidth === width, () => false)"
    tab.wait_for_function(f"width => {is_there}", arg=width)


def generate(tab: Page, text: str = "a red house") -> None:
    prompt(tab).fill(text)
    tab.get_by_role("button", name="Generate").click()


def done(tab: Page) -> None:
    """Wait until the picture that was asked for last is there, and no other is drawn."""
    tab.get_by_text("Done in").wait_for()
    tab.wait_for_function("document.querySelector('#stop').disabled")


def set_steps(tab: Page, steps: int) -> None:
    tab.get_by_text("More settings").click()
    tab.get_by_label(STEPS).wait_for()
    tab.evaluate(TWO_FRAMES)  # Gradio resets controls when they are first shown
    tab.get_by_label(STEPS).fill(str(steps))
    tab.get_by_label(STEPS).press("Tab")


def axis_values(tab: Page) -> Locator:
    """Return the two fields of values of the grid's fold."""
    return tab.locator("#explore").get_by_label("Values, such as")


def drop(tab: Page, path: Path) -> None:
    tab.locator("#drop input[type=file]").set_input_files(path)


def serious_violations(tab: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds serious or critical: its rule and the elements; and pictures that say nothing."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab).response
    assert len(found["passes"]) > 10
    serious = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
    mute: list[str] = tab.evaluate("[...document.querySelectorAll('img[alt=\"\"]')].map(({ outerHTML }) => outerHTML)")
    said_by_axe = [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious]
    return [*said_by_axe, *([("empty alt", mute)] if mute else [])]


def missing(package: str) -> NoReturn:
    """Skip a test, or in CI fail it, for want of a package of Debian's."""
    reason = f"there is no {package} here (Debian: apt-get install {package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
