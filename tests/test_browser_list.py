"""The prompt field in chromium: the line under it, what waits while a picture is drawn, and lists of prompts."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from pipeline.domain.model import MINIATURE, ModelDescription
from pipeline.domain.settings import GenerationSettings
from pipeline.domain.updates import StepUpdate, Update
from pipeline.jobs.models import Models
from tests.browsing import EXPLORE, STILL, axis_values, done, generate, prompt, serious_violations
from tests.painter import PAINTED, Painter, picture
from tests.serving import serve_page

THUMBNAILS = "#history .strip button"
PLACES = ("Steps 2, Seed 8", "Steps 4, Seed 8", "all in one")


class HeldPainter(Painter):
    """A painter that stays at its first step while it `is_held`. It passes for the miniature."""

    is_held = False

    def describe(self) -> ModelDescription:
        return replace(PAINTED, source=MINIATURE)

    def generate(self, settings: GenerationSettings, given: object = None) -> Generator[Update, None, None]:
        while self.is_held:
            yield StepUpdate(1, 2, picture(settings.seed).resize((64, 64)), 0.1)
            time.sleep(0.1)
        yield from super().generate(settings)


@pytest.fixture(scope="module")
def painter() -> HeldPainter:
    return HeldPainter()


@pytest.fixture(scope="module")
def tab(browser: Browser, painter: HeldPainter) -> Iterator[Page]:
    """Yield one tab for all tests of this file: the page of a painter."""
    from app import build_page

    with serve_page(build_page(Models([painter]))) as url, browser.new_context(**STILL) as context:
        context.set_default_timeout(30_000)
        tab = context.new_page()
        tab.goto(url)
        yield tab
        print("The page's last words:", tab.locator("body").inner_text())


def rows(tab: Page) -> list[str]:
    return tab.locator("#waiting li span").all_inner_texts()


def test_the_first_minute_of_the_miniature(tab: Page) -> None:
    """Samples and examples draw at once, a menu and chips build a prompt, and unknown words are named."""
    samples = tab.locator(".samples button")
    samples.first.wait_for()
    assert set(samples.evaluate_all("all => all.map(({ offsetHeight }) => offsetHeight)")) == {96}
    samples.nth(1).click()
    done(tab)
    assert prompt(tab).input_value() == "a fox beside a castle at night"
    tab.locator("#examples button").first.click()
    tab.wait_for_function(f"document.querySelectorAll('{THUMBNAILS}').length === 2")
    assert prompt(tab).input_value() == "two penguins in the snow"
    assert not tab.get_by_label("Style").is_visible()
    tab.get_by_text("Build a scene").click()
    scene = tab.locator("#scene")
    scene.get_by_label("Thing").select_option("house")
    for text in ("orange", "at night", "and one more thing"):
        scene.get_by_role("button", name=text, exact=True).click()
    scene.get_by_label("Thing").select_option("star")
    assert prompt(tab).input_value() == "an orange house and a star at night"
    tab.locator(".sana-toast button").click()
    tab.wait_for_function("document.querySelector('#prompt textarea').value === 'two penguins in the snow'")
    prompt(tab).fill("an elefant at sea")
    told = "The miniature does not know: elefant. Do you mean: elephant? What it draws is listed under “Build a scene”."
    tab.locator("#prompt-line").get_by_text(told).wait_for()


def test_the_line_under_the_prompt_counts_without_a_request_at_each_key(tab: Page) -> None:
    generate(tab, "a red house")  # loads the painter
    done(tab)
    line = tab.locator("#prompt-line")
    line.get_by_text("3 of 298 tokens").wait_for()
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    prompt(tab).press_sequentially(" and two white clouds near the sea")
    line.get_by_text("10 of 298 tokens").wait_for()
    assert len(requests) <= 3
    prompt(tab).fill("")
    line.locator("p").wait_for(state="detached")


@pytest.mark.long
def test_what_waits_is_moved_removed_skipped_and_found_again_while_generate_stays_live(
    tab: Page, painter: HeldPainter
) -> None:
    painter.is_held = True
    generate(tab, "one")
    tab.get_by_text("Step 1 of 2").wait_for()
    for text in ("two", "three", "four"):
        generate(tab, text)
        tab.locator("#waiting").get_by_text(text, exact=True).wait_for()
    tab.get_by_label("Earlier: four").click()
    tab.wait_for_function("document.querySelectorAll('#waiting li span')[1].textContent === 'four'")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Earlier: four"
    tab.get_by_label("Remove: two").click()
    tab.locator("#waiting").get_by_text("two", exact=True).wait_for(state="detached")
    tab.reload()
    tab.locator("#waiting").get_by_text("three", exact=True).wait_for()
    assert rows(tab) == ["four", "three"]
    kept = tab.locator(THUMBNAILS).count()
    tab.get_by_role("button", name="Skip this one").click()
    tab.wait_for_function("document.querySelectorAll('#waiting li').length === 1")
    assert tab.locator("#stop").is_enabled()
    tab.get_by_role("button", name="Stop").click()
    tab.locator("#status").get_by_text("Stopped").wait_for()
    tab.wait_for_function("document.querySelector('#stop').disabled")
    assert rows(tab) == []
    painter.is_held = False
    generate(tab, "five")
    done(tab)
    tab.wait_for_function(f"document.querySelectorAll('{THUMBNAILS}').length > {kept}")


@pytest.mark.long
def test_a_list_draws_each_line_and_each_combination(tab: Page, painter: HeldPainter) -> None:
    kept = tab.locator(THUMBNAILS).count()
    tab.get_by_label("List", exact=True).check()
    prompt(tab).fill("{red|blue} {house|boat}\n\na moon")
    tab.locator("#prompt-line").get_by_text("5 prompts").wait_for()
    tab.get_by_role("button", name="Generate").click()
    tab.wait_for_function(f"document.querySelectorAll('{THUMBNAILS}').length === {kept + 5}")
    tab.wait_for_function("document.querySelector('#stop').disabled")
    prompt(tab).fill("a house\n" * 40)  # thousands take the browser many seconds
    tab.locator("#prompt-line").get_by_text("The list has 40 prompts").wait_for()
    tab.get_by_role("button", name="Generate").click()
    tab.locator("#problem").get_by_text("The list has 40 prompts, and there is room for 32").wait_for()
    tab.reload()
    tab.wait_for_function("document.querySelector('#list input')?.checked")  # as it was left
    tab.get_by_label("List", exact=True).uncheck()
    generate(tab, "{red|blue} house")
    done(tab)
    title = tab.locator(THUMBNAILS).first
    tab.wait_for_function(f"document.querySelector('{THUMBNAILS}').title.startsWith('{{red|blue}} house')")
    assert title.is_visible()


def test_a_grid_says_what_it_takes_and_becomes_tiles_and_a_sheet(tab: Page, painter: HeldPainter) -> None:
    prompt(tab).fill("{red|blue} house")
    tab.get_by_text(EXPLORE).click()
    cells, values = tab.locator("#cells"), axis_values(tab)
    cells.get_by_text("12 pictures").wait_for()
    values.nth(0).fill("2,4")
    cells.get_by_text("8 pictures").wait_for()
    values.nth(1).fill("1,1")
    cells.get_by_text("The seed 1 is there twice").wait_for()
    values.nth(1).fill("8,9")
    cells.get_by_text("4 pictures").wait_for()
    tab.get_by_role("button", name="Draw the grid").click()
    tab.wait_for_function("document.querySelectorAll('#pictures .tile').length === 5")
    tab.wait_for_function("document.querySelector('#stop').disabled")
    alts = "[...document.querySelectorAll('#pictures .tile img')].map(({ alt }) => alt)"
    tab.wait_for_function(f"{alts}.every((alt) => alt.startsWith('{{red|blue}} house ('))")
    assert tab.evaluate(alts)[::2] == [f"{{red|blue}} house ({place})" for place in PLACES]
    first, second, third = (tab.locator("#pictures .tile").nth(place).bounding_box() for place in range(3))
    assert first
    assert second
    assert third
    assert first["y"] == second["y"] < third["y"]  # two columns
    tab.get_by_role("button", name="Use these settings").click()
    tab.get_by_text("shows several pictures of a grid: take one of those instead").wait_for()
    tab.locator(THUMBNAILS).first.click()
    tab.get_by_role("dialog").get_by_text("(num_inference_steps=2,4 seed=8,9)").wait_for()
    tab.get_by_role("dialog").get_by_label("Close").click()
    assert serious_violations(tab) == []
    values.nth(1).fill("8")
    cells.get_by_text("2 pictures").wait_for()
    values.nth(1).press("Enter")
    tab.wait_for_function("document.querySelectorAll('#pictures .tile').length === 3")
