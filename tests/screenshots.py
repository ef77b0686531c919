"""The README's pictures of the page, drawn by the bundled miniature: `python -m tests.screenshots [FOLDER]`."""

import sys
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page

from tests.browsing import STILL, chromium, done, generate
from tests.serving import serve_page

FOLDER = Path(__file__).parents[1] / "pipeline" / "page" / "screenshots"
SCENES = ("two penguins in the snow", "a sailboat at sunset", "a fox beside a castle at night")
COLOURS = 256  # a palette: about a hundred kilobytes each


def main(folder: Path = FOLDER) -> None:
    from app import build_page
    from pipeline.domain.progress import print_progress
    from pipeline.jobs.model_sources import BundledSource
    from pipeline.jobs.models import Models
    from pipeline.miniature import CHECKPOINT

    folder.mkdir(parents=True, exist_ok=True)
    models = Models([BundledSource(CHECKPOINT, "CPU")])
    models.start(print_progress)
    with serve_page(build_page(models)) as url, chromium() as browser:
        if browser is None:
            sys.exit("There is no chromium here (Debian and Ubuntu: apt-get install chromium).")

        def visit(width: int, height: int, scheme: Literal["light", "dark"]) -> Page:
            tab = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, **STILL
            ).new_page()
            tab.set_default_timeout(120_000)
            tab.goto(url)
            return tab

        desktop = visit(1280, 900, "light")
        for number, scene in enumerate(SCENES):
            draw(desktop, scene, seed=number)
        save(desktop, folder / "desktop.png")
        phone = visit(390, 844, "light")
        draw(phone, SCENES[1], seed=1)
        save(phone, folder / "phone.png", top="#result")  # as the page itself shows it
        dark = visit(1280, 900, "dark")
        for number, scene in enumerate(SCENES):
            draw(dark, scene, seed=number)
        save(dark, folder / "dark.png")


def draw(tab: Page, scene: str, seed: int) -> None:
    tab.get_by_label("Seed", exact=True).fill(str(seed))
    tab.get_by_label("Seed", exact=True).press("Tab")
    before = tab.locator("#history .strip button").count()
    generate(tab, scene)
    done(tab)
    tab.wait_for_function(f"document.querySelectorAll('#history .strip button').length > {before}")


def save(tab: Page, path: Path, top: str = "body") -> None:
    """Save what is seen when an element is at the top."""
    tab.evaluate("top => { document.activeElement.blur(); document.querySelector(top).scrollIntoView(); }", top)
    tab.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
