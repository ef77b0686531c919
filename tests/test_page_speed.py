"""What `python -m tests.page_speed` counts: the layout shift; and the requests that a picture takes, to whom."""

import base64

import pytest
from playwright.sync_api import Page

from tests.browsing import done, generate
from tests.page_speed import KEEP, Shift, large_picture, layout_shift


def test_the_layout_shift_is_that_of_the_worst_window() -> None:
    near: list[Shift] = [(0, 0.1, ""), (900, 0.1, ""), (1800, 0.1, "")]
    assert layout_shift([]) == 0
    assert round(layout_shift(near), 6) == 0.3
    assert round(layout_shift([*near, (2900, 0.2, "")]), 6) == 0.3  # after more than a second
    steady: list[Shift] = [(900 * number, 0.1, "") for number in range(12)]
    assert round(layout_shift(steady), 6) == 0.6  # a window is shorter than five seconds


def test_a_picture_takes_few_requests_and_none_leaves_this_machine(tab: Page, page: str, requests: list[str]) -> None:
    tab.locator("#generate:enabled").wait_for()
    before = len(requests)
    generate(tab)
    done(tab)
    tab.locator("#history .strip img").wait_for()
    assert [url for url in requests if not url.startswith((page, "data:", "blob:"))] == []
    assert 0 < len([url for url in requests[before:] if url.startswith(page)]) <= 30


@pytest.mark.long
def test_the_pictures_of_the_measured_history_are_kept(tab: Page) -> None:
    tab.locator("#history").wait_for()
    for seed in range(2):
        tab.evaluate(KEEP, [f"{seed}.png", base64.b64encode(large_picture(seed)).decode()])
    tab.wait_for_function("document.querySelectorAll('#history .strip img').length === 2")
