"""The page in chromium: history, comparison, several visitors and models at once, accessibility, keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline import SanaPipeline
from pipeline.domain.settings import MAX_STEPS
from pipeline.generation.metadata import read_settings
from pipeline.jobs.job_queue import JobQueue
from pipeline.jobs.model_sources import NamedSource
from pipeline.jobs.models import Models
from tests.browsing import PROGRESS, STILL, TWO_FRAMES, done, generate, prompt, serious_violations, set_steps
from tests.model_files import renamed
from tests.serving import serve_page
from tests.waiting import wait_for

THUMBNAILS = "#history .strip button"


@pytest.fixture(scope="module")
def menu(model: Path, tiny: Callable[[str], Path]) -> Iterator[tuple[str, Models]]:
    """Yield the address of a page with two models, one of them Sprint, and its `Models`."""
    from app import build_page

    models = Models([NamedSource(str(folder), "CPU") for folder in (model, tiny("sprint"))])
    with serve_page(build_page(models)) as url:
        yield url, models


@pytest.mark.long
def test_two_people_each_get_their_own_picture_and_the_second_sees_a_place(
    browser: Browser, page: str, steps_done: list[int | str], tmp_path: Path
) -> None:
    people = [browser.new_context(viewport={"width": 1280, "height": 900}, **STILL).new_page() for _ in range(2)]
    for person in people:
        person.set_default_timeout(60_000)
        person.goto(page)
    set_steps(people[0], 8)
    generate(people[0], "a red house")
    people[0].get_by_text(PROGRESS).wait_for()
    generate(people[1], "a blue boat")
    people[1].locator("#status").get_by_text("In the queue: one request is before yours").wait_for()
    for person, text in zip(people, ("a red house", "a blue boat"), strict=True):
        done(person)
        with person.expect_download() as download:
            person.get_by_label("Download").click()
        download.value.save_as(tmp_path / "picture.png")
        assert read_settings(tmp_path / "picture.png").prompt == text
        person.context.close()


@pytest.mark.long
def test_a_model_of_the_menu_changes_the_controls_frees_the_other_and_is_replaced(
    browser: Browser, menu: tuple[str, Models], model: Path, tmp_path: Path
) -> None:
    url, models = menu
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, **STILL)
    tab.set_default_timeout(60_000)
    tab.goto(url)
    set_steps(tab, 3)
    tab.get_by_label("number input for Guidance").fill("6")
    tab.get_by_label("number input for Guidance").press("Tab")
    generate(tab)
    done(tab)
    first = models.loading
    tab.get_by_label("Model").click()
    tab.get_by_role("option", name="tiny-sprint").click()
    tab.locator("#badge").get_by_text("tiny-sprint (fp16)").wait_for()
    tab.get_by_text("A Sprint model has none").wait_for()
    assert tab.get_by_label("Negative prompt").is_disabled()
    assert tab.get_by_label("number input for Steps").input_value() == "3"  # what was set stays
    assert tab.get_by_label("number input for Guidance").input_value() == "6"
    tab.locator("#badge").get_by_text("Ready").wait_for()
    wait_for(lambda: models.loading.settled.is_set())
    assert first.pipeline is None
    generate(tab, "a moon")
    done(tab)
    # The badge follows a picture of the other model, and says that it is not loaded.
    tab.locator(THUMBNAILS).nth(1).click()
    tab.get_by_role("dialog").get_by_role("button", name="Use").click()
    tab.locator("#badge").get_by_text("tiny-flow (fp16)").wait_for()
    tab.locator("#badge").get_by_text("Loads when it draws").wait_for()
    # Another one takes its place: an open page draws with it, and the next page names it.
    models.replace("tiny-flow (fp16)", NamedSource(str(renamed(model, tmp_path / "other")), "CPU"))
    generate(tab, "a moon")
    done(tab)
    tab.locator("#badge").get_by_text("other (fp16)").wait_for()
    tab.reload()
    tab.locator("#badge").get_by_text("other (fp16)").wait_for()
    expect(tab.get_by_label("Model")).to_have_value("other (fp16)")
    tab.get_by_label("Model").click()
    expect(tab.get_by_role("option", name="fp16")).to_contain_text(["other (fp16)", "tiny-sprint (fp16)"])
    tab.close()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_no_accessibility_violation(browser: Browser, page: str, scheme: Literal["light", "dark"]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, **STILL)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.goto(page)
    generate(tab)
    done(tab)
    for fold in ("More settings", "Explore: a grid", "What is running"):
        tab.get_by_text(fold).click()
    tab.locator(".facts").wait_for()
    tab.locator("#cells").get_by_text("pictures").wait_for()
    tab.locator(THUMBNAILS).first.wait_for()
    for width in (390, 1280):
        tab.set_viewport_size({"width": width, "height": 844})
        tab.evaluate(TWO_FRAMES)
        assert serious_violations(tab) == [], width
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_keyboard_goes_from_the_prompt_to_generate_to_the_rest(tab: Page) -> None:
    def stops() -> tuple[str, bool]:
        """Return where two presses of Tab lead. Stop is left out: it can be pressed only while a picture is drawn.

        So is the switch *Live*, which is offered once a picture was quick.
        """
        prompt(tab).focus()
        tab.keyboard.press("Tab")
        first = tab.evaluate("document.activeElement.id")
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.closest('#live') !== null"):
            tab.keyboard.press("Tab")
        return first, tab.evaluate("document.activeElement.closest('#examples') !== null")

    wait_for(lambda: stops() == ("generate", True))  # what loads at the start takes the focus away, now and then


@pytest.mark.long
def test_the_queue_is_as_long_as_was_said(
    tab: Page, pipe: SanaPipeline, steps_done: list[int | str], tmp_path: Path
) -> None:
    from gradio_client import Client
    from gradio_client.client import Job

    from app import build_app

    with serve_page(build_app(pipe, JobQueue(max_waiting=1))) as url:
        # three people: of one, Gradio's cancel ends all that runs
        clients = [Client(url, verbose=False, download_files=str(tmp_path)) for _ in range(3)]

        def ask() -> Job:
            client = clients.pop()
            return client.submit(prompt="a house", num_inference_steps=MAX_STEPS, api_name="/generate")

        # one after the other: Gradio lets in those that come at once, as none waits yet
        working = ask()
        wait_for(lambda: steps_done)
        waiting = ask()
        wait_for(lambda: any("In the queue" in output[2] for output in waiting.outputs()))
        assert "Too many requests are waiting" in str(ask().exception(timeout=60))
        tab.goto(url)
        generate(tab)
        tab.locator("#problem").get_by_text("Too many requests are waiting").wait_for()
        waiting.cancel()
        working.cancel()
        wait_for(lambda: steps_done[-1] == "closed")
