"""How fast and how steady the page is with the miniature: `python -m tests.page_speed [ROUNDS]` prints medians."""

import base64
import io
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from pipeline.generation.metadata import write_png
from tests.browsing import TWO_FRAMES, chromium, done, generate
from tests.painter import picture
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
KEEP = """async ([name, content]) => {
    const blob = await (await fetch(`data:image/png;base64,${content}`)).blob();
    sana.keep(name, Promise.resolve({ blob, record: await sana.recordOf(blob) }));
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


def large_picture(seed: int) -> bytes:
    """Return a PNG file of 1024x1024 pixels with a little noise, which has the 1 to 2 MB of a drawn one."""
    image = picture(seed, side=1024)
    pixels = np.asarray(image) // 2 + np.random.default_rng(seed).integers(16, size=(1024, 1024, 3))
    noisy = Image.fromarray(pixels.astype(np.uint8))
    noisy.info.update(image.info)
    content = io.BytesIO()
    write_png(noisy, content)
    return content.getvalue()


def history_times(browser: Browser, url: str, rounds: int) -> list[float]:
    """Return how long a history of 60 large pictures took to be shown, in milliseconds."""
    with browser.new_context() as context:
        tab = context.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(url)
        tab.locator("#history").wait_for()
        for seed in range(HISTORY):
            tab.evaluate(KEEP, [f"sana-{seed}.png", base64.b64encode(large_picture(seed)).decode()])
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
