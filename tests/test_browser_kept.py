"""The page in chromium loses nothing: cut connections, reloads, closed tabs, a server that is started again."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline import SanaPipeline
from pipeline.domain.resolutions import shapes
from pipeline.page.link import read_link
from tests.browsing import EXPLORE, PROGRESS, STEPS, STILL, axis_values, done, generate, picture, prompt, set_steps
from tests.cutting_proxy import CuttingProxy
from tests.serving import serve_page
from tests.waiting import wait_for

THUMBNAILS = "#history .strip button"


def begin(tab: Page, steps: int, text: str = "a red house") -> str:
    """Begin to draw, and return the seed."""
    set_steps(tab, steps)
    generate(tab, text)
    tab.get_by_text(PROGRESS).wait_for()
    return tab.get_by_label("Seed", exact=True).input_value()


def slowly(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """Return the function as a slow server runs it."""

    def run(*given: Any) -> Any:
        time.sleep(seconds)
        return function(*given)

    return run


@contextmanager
def opened(browser: Browser, pipe: SanaPipeline) -> Iterator[Page]:
    """Serve a page of its own; yield a tab that shows it."""
    from app import build_app

    with serve_page(build_app(pipe)) as url, browser.new_context(**STILL) as context:
        tab = context.new_page()
        tab.goto(url)
        yield tab


def test_a_cut_connection_loses_nothing(browser: Browser, page: str, steps_done: list[int | str]) -> None:
    proxy = CuttingProxy(int(urlsplit(page).port or 0))
    with proxy.serving() as url, browser.new_context(**STILL) as context:
        tab = context.new_page()
        tab.goto(url)
        seed = begin(tab, 12)
        proxy.cut()
        tab.locator("#badge").get_by_text("No connection").wait_for()
        expect(tab.locator("#stop")).to_be_disabled()
        expect(tab.get_by_label(STEPS)).to_be_disabled()
        prompt(tab).fill("a red house by the sea")
        begun = steps_done.count(1)
        proxy.join()
        tab.wait_for_load_state()
        done(tab)
        assert steps_done.count(1) == begun == 1  # the same request went on
        tab.wait_for_function("document.querySelector('#prompt textarea')?.value === 'a red house by the sea'")
        assert tab.get_by_label("Seed", exact=True).input_value() == seed
        picture(tab).wait_for()
        tab.wait_for_function(f"document.querySelectorAll('{THUMBNAILS}').length === 1")


def test_a_reload_finds_the_request_again_and_stop_stops_it(tab: Page, steps_done: list[int | str]) -> None:
    begin(tab, 100)
    tab.wait_for_function("localStorage.getItem('sana-prompts')?.includes('a red house')")  # for the up key
    tab.reload()
    tab.get_by_text(PROGRESS).wait_for()
    tab.wait_for_function("document.querySelector('#prompt textarea')?.value === 'a red house'")
    assert "closed" not in steps_done
    tab.get_by_role("button", name="Stop").click()
    wait_for(lambda: steps_done[-1] == "closed")
    tab.get_by_text("Stopped after step").wait_for()
    assert steps_done.count(1) == 1


@pytest.mark.long
def test_a_closed_tab_is_found_again_by_the_next_one_and_by_nobody_else(
    browser: Browser, page: str, steps_done: list[int | str]
) -> None:
    with browser.new_context(**STILL) as context, browser.new_context(**STILL) as other:
        tab = context.new_page()
        tab.goto(page)
        begin(tab, 12)
        tab.close()
        stranger, back = other.new_page(), context.new_page()
        stranger.goto(page)
        back.goto(page)
        done(back)
        assert steps_done.count(1) == 1
        picture(back).wait_for()
        assert not picture(stranger).is_visible()
        again = context.new_page()  # a second tab shows nothing of what the first one follows
        again.goto(page)
        again.wait_for_function("document.querySelector('#prompt textarea')?.value === 'a red house'")
        again.get_by_text("Ready").wait_for()
        assert not picture(again).is_visible()


@pytest.mark.long
@pytest.mark.parametrize("cuts", [True, False])
def test_a_server_that_was_started_again_is_told_and_the_picture_is_offered_anew(
    browser: Browser, pipe: SanaPipeline, steps_done: list[int | str], cuts: bool
) -> None:
    from app import build_app

    with browser.new_context(**STILL) as context, ExitStack() as first:
        tab = context.new_page()
        proxy = CuttingProxy(int(urlsplit(first.enter_context(serve_page(build_app(pipe)))).port or 0))
        with proxy.serving() as address:
            tab.goto(address)
            seed = begin(tab, 20)
            if cuts:
                proxy.cut()
            else:  # the server ends, and tells each event that it failed
                first.close()
            tab.locator("#badge").get_by_text("No connection").wait_for()
            prompt(tab).fill("a green boat")
            with serve_page(build_app(pipe)) as restarted:
                proxy.target = int(urlsplit(restarted).port or 0)
                proxy.join()
                tab.get_by_text("This picture is lost").wait_for()
                tab.get_by_role("button", name="Draw it again").click()
                done(tab)
                assert tab.get_by_label("Seed", exact=True).input_value() == seed
                assert prompt(tab).input_value() == "a red house"
                prompt(tab).press("ArrowUp")
                assert prompt(tab).input_value() == "a green boat"


@pytest.mark.long
def test_each_picture_is_kept_as_soon_as_it_is_there_and_a_stop_loses_none(
    tab: Page, steps_done: list[int | str]
) -> None:
    set_steps(tab, 2)
    tab.get_by_label("number input for Pictures").fill("8")
    tab.get_by_label("number input for Pictures").press("Tab")
    generate(tab)
    tab.wait_for_function(f"document.querySelectorAll('{THUMBNAILS}').length >= 2")
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Stopped").wait_for()
    kept = tab.locator(THUMBNAILS).count()
    assert 2 <= kept < 8
    assert tab.locator("#pictures .tile").count() >= kept


def test_what_is_typed_survives_a_reload(tab: Page) -> None:
    prompt(tab).fill("a green boat at night")
    tab.get_by_label("Seed", exact=True).fill("77")
    set_steps(tab, 9)
    tab.get_by_text(EXPLORE).click()
    axis_values(tab).first.fill("2,5")
    tab.wait_for_function("Object.values(sessionStorage).some(text => text.includes('\"num_inference_steps\":9'))")
    tab.wait_for_function('Object.values(sessionStorage).some(text => text.includes(\'"first_values":"2,5"\'))')
    tab.reload()
    tab.wait_for_function("document.querySelector('#prompt textarea')?.value === 'a green boat at night'")
    assert tab.get_by_label("Seed", exact=True).input_value() == "77"
    assert not tab.get_by_label("Random seed").is_checked()
    tab.get_by_text("More settings").click()
    assert tab.get_by_label(STEPS).input_value() == "9"
    tab.get_by_text(EXPLORE).click()
    assert axis_values(tab).first.input_value() == "2,5"


def test_a_copied_link_is_no_reason_to_forget_what_is_typed(tab: Page) -> None:
    generate(tab)
    done(tab)
    prompt(tab).fill("a green boat at night")
    assert "a red house" in tab.evaluate("localStorage.getItem('sana-prompts')")
    tab.get_by_role("button", name="Copy link").click()
    tab.wait_for_function("location.search.includes('red')")
    tab.reload()
    tab.wait_for_function("document.querySelector('#prompt textarea')?.value === 'a green boat at night'")


def test_what_is_typed_at_once_is_neither_overwritten_nor_forgotten(
    browser: Browser, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.page.restoring.read_link", slowly(read_link, 1.5))
    with opened(browser, pipe) as tab:
        prompt(tab).fill("a green boat at night")
        tab.wait_for_timeout(2000)  # longer than the server takes to fill the fields in
        assert prompt(tab).input_value() == "a green boat at night"
        assert "a green boat at night" in tab.evaluate("sessionStorage.getItem('sana-form') ?? ''")


def test_the_second_of_two_quick_choices_counts(
    browser: Browser, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.page.setting_events.shapes", slowly(shapes, 1.0))
    with opened(browser, pipe) as tab:
        tab.locator("#shape label").filter(has_text="Portrait").click()
        tab.locator("#shape label").filter(has_text="Square").click()
        width = tab.get_by_label("Width", exact=True)
        expect(width).to_have_value("224")
        expect(width).to_have_value("256")
        expect(tab.locator("#shape").get_by_label("Square")).to_be_checked()


def test_a_damaged_store_is_set_aside_with_a_sentence(tab: Page) -> None:
    tab.evaluate("""() => {
        sessionStorage.setItem("sana-form", '{"search": "", "values": {"width": "wide", "prompt": "a boat"}}');
        sessionStorage.setItem("sana-request", JSON.stringify({ token: "0".repeat(32), ended: false }));
        localStorage.setItem("sana-request", "{damaged");
    }""")
    tab.reload()
    tab.get_by_text("This picture is lost").wait_for()
    tab.get_by_text("not all of it").wait_for()
    assert prompt(tab).input_value() == "a boat"
