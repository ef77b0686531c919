"""The main flow in Firefox: a prompt becomes a picture, and the browser keeps it and what was typed."""

from tests.browsing import missing
from tests.firefox import Firefox, firefox
from tests.waiting import wait_for

FIELD = "#prompt textarea"
PICTURE = "#pictures img[data-testid=detailed-image]"
THUMBNAIL = "#history .strip button"


def visit(tab: Firefox, page: str) -> None:
    """Open the page; return when it is shown."""
    tab.open(page)
    wait_for(lambda: tab.evaluate("document.documentElement.className === 'built'"))


def test_a_picture_is_drawn_kept_and_found_again(page: str) -> None:
    with firefox() as started:
        tab = started or missing("firefox-esr")
        visit(tab, page)
        tab.press(FIELD)
        tab.write("a red house")
        tab.press("#generate")
        wait_for(lambda: "Done in" in tab.evaluate("document.querySelector('#status').innerText"))
        wait_for(lambda: tab.evaluate(f"document.querySelector('{PICTURE}').naturalWidth") == 256)
        wait_for(lambda: tab.evaluate(f"document.querySelectorAll('{THUMBNAIL}').length") == 1)
        visit(tab, page)
        wait_for(lambda: tab.evaluate(f"document.querySelector('{FIELD}')?.value") == "a red house")
        wait_for(lambda: tab.evaluate(f"document.querySelectorAll('{THUMBNAIL}').length") == 1)
        tab.press(THUMBNAIL)
        wait_for(lambda: tab.evaluate("document.querySelector('#large-view[open] img')?.naturalWidth") == 256)
