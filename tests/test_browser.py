"""The page in Debian's chromium, driven by Playwright: from the prompt to the picture."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from pipeline import SanaPipeline
from pipeline.domain.errors import SanaError
from pipeline.domain.settings import MAX_STEPS, GenerationSettings
from pipeline.domain.updates import StepUpdate, Update
from pipeline.generation.metadata import read_settings, write_png
from pipeline.page import live_events
from pipeline.page.examples import FULL_SIZE
from tests.browsing import PROGRESS, STEPS, STILL, done, drop, generate, picture, prompt, set_steps, wait_for_width
from tests.waiting import wait_for


def run_button(tab: Page) -> Locator:
    return tab.get_by_role("button", name="Generate")


def stop_button(tab: Page) -> Locator:
    return tab.get_by_role("button", name="Stop")


def save(tab: Page, path: Path) -> Path:
    """Download the shown picture to `path`."""
    with tab.expect_download() as download:
        tab.get_by_label("Download").click()
    download.value.save_as(path)
    return path


def fix_seed(tab: Page, seed: int) -> None:
    field = tab.get_by_label("Seed", exact=True)
    field.fill(str(seed))
    field.press("Tab")  # a typed seed is kept: "random" goes off
    tab.wait_for_function("!document.querySelector('#seeds input[type=checkbox]').checked")


def test_a_prompt_becomes_a_picture_that_can_be_downloaded(tab: Page, pipe: SanaPipeline, tmp_path: Path) -> None:
    fix_seed(tab, 12)
    generate(tab)
    done(tab)
    wait_for_width(tab, pipe.model.native_size)
    save(tab, tmp_path / "picture.png")
    assert read_settings(tmp_path / "picture.png") == pipe.settings("a red house", seed=12)
    write_png(pipe("a red house", seed=12).images[0], tmp_path / "expected.png")
    assert (tmp_path / "picture.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


def test_enter_generates_and_shift_enter_breaks_the_line(tab: Page) -> None:
    prompt(tab).fill("a red house")
    prompt(tab).press("Shift+Enter")
    prompt(tab).press_sequentially("at night")
    assert prompt(tab).input_value() == "a red house\nat night"
    prompt(tab).press("Enter")
    done(tab)
    assert prompt(tab).input_value() == "a red house\nat night"


@pytest.mark.long
def test_random_is_on_and_the_seed_that_was_used_is_shown_and_can_be_reused(tab: Page) -> None:
    assert tab.get_by_label("Random seed").is_checked()
    generate(tab)
    done(tab)
    assert tab.get_by_label("Seed", exact=True).input_value() != "0"
    tab.get_by_role("button", name="Reuse last seed").click()
    tab.wait_for_function("!document.querySelector('#seeds input[type=checkbox]').checked")


def test_while_it_draws_there_is_a_preview_and_it_can_be_stopped(tab: Page, steps_done: list[int | str]) -> None:
    assert run_button(tab).is_enabled()
    assert stop_button(tab).is_disabled()
    set_steps(tab, MAX_STEPS)
    generate(tab)
    tab.get_by_text(PROGRESS).wait_for()
    picture(tab).wait_for()
    stop_button(tab).click()
    tab.get_by_text(re.compile(r"Stopped after step \d+ of 100: this picture is unfinished")).wait_for()
    wait_for(lambda: steps_done[-1] == "closed")
    assert len(steps_done) < MAX_STEPS
    assert picture(tab).is_visible()  # the last preview stays
    tab.get_by_role("button", name="Use these settings").click()
    tab.get_by_text("An unfinished picture holds no settings").wait_for()
    tab.get_by_label(STEPS).fill("1")
    generate(tab)  # the next one is not held up
    done(tab)
    tab.wait_for_function("document.querySelector('#stop').disabled")


@pytest.mark.long
def test_stop_while_decoding(tab: Page, slow_bands: list[int | str]) -> None:
    generate(tab)
    tab.get_by_text(re.compile("^Decoding: band 1")).wait_for()
    stop_button(tab).click()
    tab.get_by_text("this picture is unfinished").wait_for()
    wait_for(lambda: slow_bands[-1] == "closed")
    assert "done" not in slow_bands


@pytest.mark.long
def test_the_picture_follows_the_typing_and_enters_the_history_by_enter(
    tab: Page, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[GenerationSettings] = []
    original = pipe.generate

    def generate_and_note(settings: GenerationSettings, given: object = None) -> Iterator[Update]:
        asked.append(settings)
        return original(settings)

    monkeypatch.setattr(live_events, "LIVE_SECONDS", 1000.0)  # whatever else this machine does
    generate(tab, "a red house")
    done(tab)
    history = tab.locator("#history .strip button")
    wait_for(lambda: history.count() == 1)
    monkeypatch.setattr(pipe, "generate", generate_and_note)
    tab.get_by_label("Live: the picture follows the typing").check()
    tab.get_by_text("Enter draws it in full").wait_for()
    prompt(tab).press_sequentially(" and a boat", delay=20)
    wait_for(lambda: asked[-1].prompt == "a red house and a boat")
    wait_for(lambda: picture(tab).get_attribute("alt") == "a red house and a boat")
    assert len({each.seed for each in asked}) == 1
    assert history.count() == 1
    tab.get_by_text("Enter draws it in full").wait_for()
    prompt(tab).press("Enter")
    wait_for(lambda: history.count() == 2)
    done(tab)
    assert len({each.seed for each in asked}) == 1
    assert tab.get_by_label("Seed", exact=True).input_value() == str(asked[0].seed)
    tab.get_by_label("Live: the picture follows the typing").uncheck()


def test_an_empty_prompt_is_refused_beside_the_field_and_the_next_one_is_not(tab: Page) -> None:
    generate(tab, " ")
    tab.locator("#ask").get_by_text("The prompt is empty").wait_for()
    generate(tab)
    done(tab)


@pytest.mark.long
def test_what_goes_wrong_on_the_way_is_said_beside_the_button(
    tab: Page, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: GenerationSettings, given: None = None) -> Iterator[Update]:
        yield from ()
        raise SanaError("The <disk> was taken away.")

    with monkeypatch.context() as patch:
        patch.setattr(pipe, "generate", fail)
        generate(tab)
        tab.locator("#ask").get_by_text("The <disk> was taken away.").wait_for()
    assert tab.get_by_test_id("toast-body").count() == 0
    generate(tab)
    done(tab)
    assert tab.locator("#problem p").count() == 0


def test_an_example_fills_the_prompt_and_a_shape_the_size(tab: Page) -> None:
    tab.locator("#examples button").nth(1).click()
    wait_for(lambda: prompt(tab).input_value() == FULL_SIZE[1])  # its button shows only the beginning
    tab.get_by_text("Wide", exact=True).click()
    wait_for(lambda: tab.get_by_label("Width").input_value() == "352")
    assert tab.get_by_label("Height").input_value() == "192"


def test_a_preset_fills_in_the_steps_and_follows_them(tab: Page, pipe: SanaPipeline) -> None:
    tab.get_by_text("Balanced", exact=True).click()
    tab.get_by_text("More settings", exact=True).click()
    steps = tab.locator("#settings").get_by_label("Steps").first
    default = pipe.model.defaults["num_inference_steps"]
    wait_for(lambda: steps.input_value() == str(round(0.6 * default)))
    steps.fill(str(default))
    steps.press("Tab")
    expect(tab.locator("#preset input:checked")).to_have_value("exact")


@pytest.mark.long
def test_a_size_is_refused_as_it_was_typed(tab: Page) -> None:
    for value in ("999", "200", ""):
        tab.get_by_label("Width").fill(value)
        tab.get_by_label("Width").press("Tab")
        generate(tab)
        tab.locator("#problem").get_by_text(f"not {value or 'empty'}.").wait_for()
        assert tab.get_by_label("Width").input_value() == value


@pytest.mark.long
def test_a_finished_picture_is_not_called_unfinished(
    tab: Page, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tab)
    done(tab)

    def endless(settings: GenerationSettings, given: None = None) -> Iterator[Update]:
        for step in range(1, 101):
            yield StepUpdate(step, 100, None, 1.0)  # without a preview, the last picture stays
            time.sleep(0.2)

    monkeypatch.setattr(pipe, "generate", endless)
    generate(tab, "a boat")
    tab.get_by_text(PROGRESS).wait_for()
    stop_button(tab).click()
    tab.get_by_text(re.compile(r"^Stopped after step \d+ of 100\.$")).wait_for()
    tab.get_by_role("button", name="Use these settings").click()  # of the picture that is still there
    tab.get_by_text("The settings of this picture are filled in").wait_for()
    assert prompt(tab).input_value() == "a red house"


@pytest.mark.long
def test_a_picture_fills_the_screen(tab: Page) -> None:
    generate(tab)
    done(tab)
    tab.get_by_label("Fullscreen").click()
    box = tab.get_by_role("dialog").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1280, "height": 900}


@pytest.mark.long
def test_on_a_phone_the_picture_comes_into_view(browser: Browser, page: str) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844}, **STILL)
    tab.set_default_timeout(60_000)
    tab.goto(page)
    generate(tab)
    done(tab)
    tab.wait_for_function("document.querySelector('#status').getBoundingClientRect().bottom <= innerHeight")
    tab.close()


@pytest.mark.long
def test_a_style_says_what_it_adds(tab: Page) -> None:
    tab.get_by_label("Style").click()
    tab.get_by_role("option", name="Pixel art").click()
    tab.get_by_text("low-res, blocky, pixel art style").wait_for()


def test_a_dropped_picture_gives_back_its_settings_and_itself(
    browser: Browser, page: str, pipe: SanaPipeline, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        "negative_prompt": "fog",
        "width": 160,
        "num_inference_steps": 3,
        "guidance_scale": 3.5,
        "seed": 77,
    }
    write_png(pipe("<b>a moon</b> & {stars}", **settings).images[0], tmp_path / "made.png")
    tab = browser.new_page(**STILL)
    tab.goto(page)
    drop(tab, tmp_path / "made.png")
    tab.get_by_text("The settings of this picture are filled in").wait_for()
    assert prompt(tab).input_value() == "<b>a moon</b> & {stars}"
    run_button(tab).click()
    done(tab)
    assert save(tab, tmp_path / "again.png").read_bytes() == (tmp_path / "made.png").read_bytes()
    tab.close()


@pytest.mark.long
def test_what_is_no_picture_of_ours_is_refused_in_a_sentence(tab: Page, tmp_path: Path, pipe: SanaPipeline) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "foreign.png")
    Image.new("1", (20_000, 10_000)).save(tmp_path / "huge.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "jpeg.png", "JPEG")
    (tmp_path / "text.png").write_text("no picture")
    write_png(pipe("a house", num_inference_steps=1).images[0], tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:-100])  # its settings are there
    before = prompt(tab).input_value()
    for name, sentence in {
        "text": "is no PNG file",
        "foreign": "holds no settings of this program",
        "jpeg": "is no PNG file",
        "huge": "holds no settings of this program",
        "cut": "is cut off",
    }.items():
        drop(tab, tmp_path / f"{name}.png")  # whatever was dropped before
        tab.locator("#status").get_by_text(f"{name}.png {sentence}").wait_for()
        assert prompt(tab).input_value() == before


@pytest.mark.long
def test_a_permalink_fills_the_page_in_and_says_what_is_wrong_in_it(tab: Page, page: str) -> None:
    tab.goto(
        f"{page}?prompt=a+%3Ci%3Emoon%3C%2Fi%3E&seed=5&width=160&num_inference_steps=3&style=Anime&height=100&guidance_scale=2&guidance_scale=3"
    )
    prompt(tab).wait_for()
    tab.wait_for_function("document.querySelector('#prompt textarea').value === 'a <i>moon</i>'")
    tab.get_by_text("The height must be a multiple of 32").wait_for()
    tab.get_by_text("The guidance scale is given twice").wait_for()
    assert tab.get_by_label("Seed", exact=True).input_value() == "5"
    assert tab.get_by_label("Width").input_value() == "160"
    assert not tab.get_by_label("Random seed").is_checked()
    tab.get_by_role("button", name="Copy link").click()
    tab.wait_for_function("location.search.includes('height=256')")
    link = tab.url
    tab.goto("about:blank")
    tab.goto(link)
    prompt(tab).wait_for()
    tab.wait_for_function("document.querySelector('#prompt textarea').value === 'a <i>moon</i>'")
    assert tab.get_by_label("Style").input_value() == "Anime"


@pytest.mark.long
def test_markup_in_a_prompt_is_text_everywhere(tab: Page) -> None:
    generate(tab, '<img src=x onerror="window.hacked = true"> {{value}} ${1 + 1}')
    done(tab)
    tab.locator("#history .strip button").first.wait_for()
    assert "<img src=x" in (tab.locator("#history .strip button").first.get_attribute("title") or "")
    assert not tab.evaluate("window.hacked || false")
    assert tab.locator("img[src=x]").count() == 0
