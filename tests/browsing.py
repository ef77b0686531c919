"""What the browser tests and the screenshots do on the page, by the names that a person sees."""

import re
import shutil
from contextlib import contextmanager

STEPS = "number input for Steps"
PROGRESS = re.compile(r"^Step \d+ of")
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextmanager
def chromium():
    """Debian's chromium; None where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


def prompt(tab):
    return tab.get_by_label("Prompt", exact=True)


def picture(tab):
    return tab.get_by_test_id("detailed-image")


def generate(tab, text="a red house"):
    prompt(tab).fill(text)
    tab.get_by_role("button", name="Generate").click()


def done(tab):
    """Waits for the picture that was asked for last, and until another can be."""
    tab.get_by_text("Done in").wait_for()
    tab.wait_for_function("!document.querySelector('#generate').disabled")


def set_steps(tab, steps):
    tab.get_by_text("More settings").click()
    tab.get_by_label(STEPS).wait_for()
    tab.evaluate(TWO_FRAMES)  # for one, Gradio puts the first values back into what is shown for the first time
    tab.get_by_label(STEPS).fill(str(steps))
    tab.get_by_label(STEPS).press("Tab")


def drop(tab, path):
    tab.locator("#drop input[type=file]").set_input_files(path)
