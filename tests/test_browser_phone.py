"""The page for fingers, keyboards, high contrast and screens of all widths, in chromium."""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browsing import STILL, TWO_FRAMES, done, generate, prompt, serious_violations
from tests.page_speed import WATCH, layout_shift, shifts
from tests.painter import Painter
from tests.serving import serve_pages
from tests.waiting import wait_for

# What can be pressed and is smaller than 24x24 pixels, which WCAG 2.2 AA asks for. A label belongs to its field.
SMALL_TARGETS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((each) => each.checkVisibility() && getComputedStyle(each).pointerEvents !== "none")
    .map((each) => [each, [each, each.closest("label") ?? each].map((one) => one.getBoundingClientRect())])
    .filter(([, [own, label]]) => own.width && own.height)
    .map(([each, [own, label]]) => [each, Math.max(own.width, label.width), Math.max(own.height, label.height)])
    .filter(([, width, height]) => Math.min(width, height) < 24)
    .map(([each, width, height]) => `${each.outerHTML.slice(0, 120)}: ${width} x ${height}`)"""
# The element that has the focus, whether it or what is around it is outlined, and whether it has it for the first time.
FOCUSED = """() => {
    const focused = document.activeElement;
    const around = [focused, focused.parentElement, focused.parentElement?.parentElement];
    const isOutlined = (each) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const isNew = focused !== document.body && !focused.wasFocused;
    focused.wasFocused = true;
    return [focused.outerHTML.slice(0, 120), around.filter(Boolean).some(isOutlined), isNew];
}"""
# Buttons and labels whose text runs over their edges.
TOO_WIDE = """() => [...document.querySelectorAll("button, label")].filter((each) => {
    if (!each.checkVisibility() || getComputedStyle(each).overflowX !== "visible") return false;
    const text = document.createRange(), box = each.getBoundingClientRect();
    text.selectNodeContents(each.querySelector("span") ?? each);
    const { left, right, width } = text.getBoundingClientRect();
    return box.width && width && (left < box.left - 1 || right > box.right + 1);
}).map((each) => each.innerText)"""
SHARING = """
    navigator.canShare = () => true;
    navigator.share = async ({ files: [file] }) => { (window.shared ??= []).push([file.name, file.type, file.size]); };
"""


@pytest.fixture(scope="module")
def page(painter: Painter) -> Iterator[str]:
    """Yield the address of a page in English and German that draws at once."""
    from app import build_service
    from pipeline.jobs.models import Models
    from pipeline.page.layout import build
    from pipeline.page.words import all_words
    from pipeline.server.web_app import LocalPage

    models = Models([painter])
    models.start(lambda progress: None)
    service = build_service(models)
    pages = [LocalPage(words, build(service, words)) for words in all_words() if words.language in ("en", "de")]
    with serve_pages(pages, service) as url:
        yield url


@pytest.fixture
def slow(painter: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "pause", 1.0)


def is_on_screen(element: Locator) -> bool:
    inside = """each => {
        const { left, top, right, bottom } = each.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && each.contains(hit);
    }"""
    return element.evaluate(inside)


def has_width(tab: Page, width: str) -> bool:
    return tab.get_by_label("Width").input_value() == width


def test_on_a_phone_generate_stop_and_progress_stay_on_the_screen(browser: Browser, page: str, slow: None) -> None:
    with browser.new_context(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True) as context:
        tab = context.new_page()
        tab.add_init_script(WATCH)
        tab.goto(page)
        tab.get_by_text("Ready").wait_for()
        tab.get_by_text("More settings").tap()
        tab.get_by_text("More settings").tap()
        assert tab.evaluate(SMALL_TARGETS) == []
        assert not tab.locator("#live").is_visible()  # no blank line where the switch is not offered
        assert serious_violations(tab) == []
        tab.wait_for_timeout(500)  # a shift later than this after a press counts
        loading = shifts(tab)
        assert layout_shift(loading) < 0.1, loading
        bar = [tab.locator("#generate"), tab.locator("#stop")]
        generate(tab)
        tab.get_by_text("Step 1 of 2").wait_for()
        for place in (0, 10_000):
            tab.evaluate("place => scrollTo({ top: place, behavior: 'instant' })", place)
            assert all(is_on_screen(each) for each in bar)
        told = "getComputedStyle(document.querySelector('#go'), '::before').content"
        assert "Step" in tab.evaluate(told)
        assert serious_violations(tab) == []
        done(tab)
        assert tab.evaluate(told) == "none"
        drawing = shifts(tab)[len(loading) :]
        assert layout_shift(drawing) < 0.1, drawing
        prompt(tab).fill(" ")
        tab.evaluate("scrollTo({ top: 10_000, behavior: 'instant' })")
        tab.locator("#generate").tap()
        tab.locator("#problem p").wait_for()
        wait_for(lambda: is_on_screen(tab.locator("#problem p")))


@pytest.mark.long
def test_the_keyboard_sees_where_it_is_and_arrows_choose_a_shape(browser: Browser, page: str) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="fr-FR", **STILL) as context:
        tab = context.new_page()
        tab.goto(page)
        tab.get_by_text("Ready").wait_for()
        assert tab.locator("html").get_attribute("lang") == "en"  # of the page, which is not the browser's
        tab.get_by_text("More settings").click()
        prompt(tab).focus()
        stops: list[str] = []
        while (stop := tab.evaluate(FOCUSED))[2]:
            name, is_outlined, _ = stop
            assert is_outlined, name
            stops.append(name)
            tab.keyboard.press("Tab")
        assert len(stops) > 30
        radios = [each for each in stops if 'type="radio"' in each]
        assert [each.split('name="')[1].split('"')[0] for each in radios] == ["shape", "preset"]  # one stop each
        tab.locator("#shape input:checked").focus()
        for width in ("288", "352", "224"):  # Gradio renders the radio buttons anew each time
            tab.keyboard.press("ArrowRight")
            wait_for(partial(has_width, tab, width))
        prompt(tab).fill("بيت أحمر")
        assert prompt(tab).evaluate("each => getComputedStyle(each).direction") == "rtl"
        tab.emulate_media(forced_colors="active")
        box = tab.get_by_label("Random seed")
        ticked = box.screenshot()
        box.uncheck()
        assert box.screenshot() != ticked


@pytest.mark.parametrize("locale", ["de", pytest.param("en", marks=pytest.mark.long)])
def test_nothing_runs_over_its_neighbours(browser: Browser, page: str, locale: str) -> None:
    with browser.new_context(locale=locale, **STILL) as context:
        tab = context.new_page()
        tab.goto(page)
        tab.locator("#badge .ready").wait_for()
        for width in (320, 390, 820, 1280, 1920):
            tab.set_viewport_size({"width": width, "height": 900})
            tab.evaluate(TWO_FRAMES)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.evaluate(TOO_WIDE) == [], width


@pytest.mark.long
def test_a_picture_is_shared_where_the_browser_can(browser: Browser, page: str) -> None:
    with browser.new_context(**STILL) as context:
        tab = context.new_page()
        tab.goto(page)
        generate(tab)
        done(tab)
        assert not tab.get_by_label("Share").is_visible()
        tab.add_init_script(SHARING)
        tab.reload()
        tab.locator("#history .strip button").first.click()
        tab.get_by_role("dialog").get_by_role("button", name="Share").click()
        tab.wait_for_function("window.shared?.length === 1")
        tab.keyboard.press("Escape")
        generate(tab)
        done(tab)
        tab.get_by_label("Share").click()
        tab.wait_for_function("window.shared.length === 2")
        name, kind, size = tab.evaluate("window.shared[1]")
        assert name.startswith("sana-a-red-house-")
        assert kind == "image/png"
        assert size > 0
        tab.evaluate("void (navigator.share = async () => { throw new DOMException('no', 'NotAllowedError'); })")
        tab.get_by_label("Share").click()
        tab.get_by_text("This picture could not be shared").wait_for()
