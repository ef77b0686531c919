"""How fast and how steady the page is with the miniature: `python -m tests.page_speed [ROUNDS]` prints medians."""

import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from playwright.sync_api import Browser, Page

from tests.browsing import TWO_FRAMES, chromium, done, generate
from tests.served import serve_miniature

ROUNDS = 5
WIDTHS = {1280: 900, 390: 844}  # pixels of a desktop and of a phone, with their heights
HISTORY = 60  # pictures: as many as the history shows at once
# Notes each layout shift that no press has caused: when it was in milliseconds, how large, and what has moved.
WATCH = """
    window.shifts = [];
    const name = ({ node }) => [node?.id, node?.className, node?.parentElement?.id].map(String).join("|");
    new PerformanceObserver((list) => {
        for (const { startTime, value, hadRecentInput, sources } of list.getEntries()) {
            if (!hadRecentInput) shifts.push([startTime, value, sources.map(name).join(", ")]);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""
# Notes how many milliseconds after the history is on the page its thumbnails are painted.
WATCH_HISTORY = """
    let from = null;
    (function look() {
        const strip = document.querySelector("#history .strip");
        if (strip) from ??= performance.now();
        const images = [...strip?.querySelectorAll("img") ?? []];
        if (images.length < COUNT || images.some(({ complete }) => !complete)) requestAnimationFrame(look);
        else requestAnimationFrame(() => { window.historyShown = performance.now() - from; });
    })();
""".replace("COUNT", str(HISTORY))
# Keeps pictures of 1024x1024 pixels with a little noise, which have the 1 to 2 MB of drawn ones.
FILL_HISTORY = """async (count) => {
    const side = 1024, canvas = new OffscreenCanvas(side, side), pen = canvas.getContext("2d");
    const pixels = pen.createImageData(side, side);
    for (let number = 0; number < count; number += 1) {
        for (let at = 0; at < pixels.data.length; at += 1) {
            pixels.data[at] = at % 4 === 3 ? 255 : (at >> 14) + 16 * Math.random();
        }
        pen.putImageData(pixels, 0, 0);
        const blob = await canvas.convertToBlob({ type: "image/png" });
        sana.keep(`sana-${number}.png`, Promise.resolve({ blob, record: null }));
    }
}"""

Shift = tuple[float, float, str]


@dataclass(frozen=True)
class Visit:
    """What was measured of one visit: milliseconds, layout shifts and a number of requests."""

    first_contentful_paint: float
    until_generate_can_be_pressed: float
    layout_shift_while_loading: float
    layout_shift_while_drawing: float
    requests_of_a_picture: float


def layout_shift(shifts: Iterable[Shift]) -> float:
    """Return the cumulative layout shift as web-vitals counts it: the largest sum of a session window.

    A window ends where a second passes without a shift, or after five.
    """
    largest = total = 0.0
    begun = last = float("-inf")
    for at, value, _ in shifts:
        if at - last >= 1000 or at - begun >= 5000:
            total, begun = 0.0, at
        total, last = total + value, at
        largest = max(largest, total)
    return largest


def shifts(tab: Page) -> list[Shift]:
    """Return the layout shifts of a page that was opened with `WATCH`."""
    tab.evaluate(TWO_FRAMES)
    return [(at, value, moved) for at, value, moved in tab.evaluate("window.shifts")]


def visit(browser: Browser, url: str, width: int) -> Visit:
    with browser.new_context(viewport={"width": width, "height": WIDTHS[width]}) as context:
        tab = context.new_page()
        tab.add_init_script(WATCH)
        requests: list[str] = []
        tab.goto(url)
        tab.wait_for_function("document.querySelector('#generate')?.disabled === false")
        usable = tab.evaluate("performance.now()")
        tab.get_by_text("Ready").wait_for()
        tab.wait_for_timeout(1000)
        painted = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        loading = shifts(tab)
        tab.on("request", lambda request: requests.append(request.url))
        generate(tab)
        done(tab)
        tab.locator("#history .strip img").wait_for()
        asked = [url for url in requests if not url.startswith(("blob:", "data:"))]
        drawing = shifts(tab)[len(loading) :]
        return Visit(painted, usable, layout_shift(loading), layout_shift(drawing), len(asked))


def history_times(browser: Browser, url: str, rounds: int) -> list[float]:
    """Return how long a history of 60 large pictures took to be shown, in milliseconds."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(url)
        tab.locator("#history").wait_for()
        tab.evaluate(FILL_HISTORY, HISTORY)
        tab.wait_for_function(f"document.querySelectorAll('#history .strip img').length === {HISTORY}")
        tab.add_init_script(WATCH_HISTORY)
        times = []
        for _ in range(rounds):
            tab.goto(url)
            tab.wait_for_function("window.historyShown")
            times.append(tab.evaluate("window.historyShown"))
        return times


def report(visits: Sequence[Visit]) -> Iterable[tuple[str, float]]:
    for field in fields(Visit):
        yield field.name.replace("_", " "), statistics.median(getattr(visit, field.name) for visit in visits)


def main(rounds: int = ROUNDS) -> None:
    with serve_miniature() as server, chromium() as browser:
        if browser is None:
            sys.exit("There is no chromium here (Debian and Ubuntu: apt-get install chromium).")
        for width in WIDTHS:
            print(f"{width} pixels wide, medians of {rounds}:")
            for name, value in report([visit(browser, server.url, width) for _ in range(rounds)]):
                print(f"  {name:35} {value:8.3f}" if "shift" in name else f"  {name:35} {value:8.0f}")
        times = history_times(browser, server.url, rounds)
        print(f"  {f'a history of {HISTORY} pictures of 1024 px':35} {statistics.median(times):8.0f}")
        print("Times are in milliseconds.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
