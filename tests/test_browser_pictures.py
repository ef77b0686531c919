"""Pictures to start from, in a real browser: given, painted on with a finger, made larger, and taken away."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from pipeline import SanaPipeline
from pipeline.domain.picture_parameters import ENLARGE_STRENGTH, kept_steps
from pipeline.domain.settings import NUM_INFERENCE_STEPS, GenerationSettings
from pipeline.domain.updates import EncodeUpdate, Update
from pipeline.generation.given_picture import GivenPicture
from pipeline.generation.metadata import write_png
from pipeline.generation.pipeline import OutputType
from tests.browsing import STILL, done, drop, generate, prompt, wait_for_width
from tests.waiting import wait_for

Drawn = list[tuple[GenerationSettings, GivenPicture | None]]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A picture of 300x200 pixels."""
    image = Image.new("RGB", (300, 200), "skyblue")
    ImageDraw.Draw(image).rectangle((100, 80, 200, 180), fill="blue")
    image.save(tmp_path / "house.png")
    return tmp_path / "house.png"


@pytest.fixture
def phone(browser: Browser, page: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, **STILL)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.goto(page)
    yield tab
    context.close()


@pytest.fixture
def drawn(pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """The settings and the given picture of each generation."""
    drawn: Drawn = []
    original = pipe.generate

    def generate(
        settings: GenerationSettings, output_type: OutputType = "pil", given: GivenPicture | None = None
    ) -> Iterator[Update]:
        drawn.append((settings, given))
        return original(settings, output_type, given)

    monkeypatch.setattr(pipe, "generate", generate)
    return drawn


def give(tab: Page, path: Path) -> None:
    tab.get_by_role("button", name="Start from a picture").click()
    tab.locator("#picture input[type=file]").set_input_files(path)
    tab.locator("#painter canvas").wait_for()
    tab.wait_for_function("document.querySelector('#painter img').naturalWidth > 0")


def value(tab: Page, label: str) -> str:
    return tab.get_by_label(label, exact=True).input_value()


def strength(tab: Page) -> str:
    return tab.get_by_label("number input for Strength").input_value()


def stroke(tab: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A stroke of a finger between two places, in shares of the picture."""
    box = tab.locator("#painter canvas").bounding_box()
    assert box
    points = [
        {"x": box["x"] + box["width"] * (a + (b - a) * part), "y": box["y"] + box["height"] * (c + (d - c) * part)}
        for part in (0, 0.25, 0.5, 0.75, 1)
        for (a, c), (b, d) in [(start, end)]
    ]
    client = tab.context.new_cdp_session(tab)
    for kind, place in [("touchStart", points[0]), *(("touchMove", point) for point in points[1:]), ("touchEnd", None)]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place] if place else []})


def test_a_picture_is_given_drawn_and_taken_away(tab: Page, pipe: SanaPipeline, house: Path, drawn: Drawn) -> None:
    assert tab.locator("#painter").count() == 0
    give(tab, house)
    tab.get_by_text("The picture has 300 x 200 pixels, and is stretched to 320 x 224.").wait_for()
    steps = pipe.model.default(NUM_INFERENCE_STEPS)
    tab.get_by_text(f"{kept_steps(steps, 0.6)} of {steps} steps are run").wait_for()
    assert (value(tab, "Width"), value(tab, "Height"), strength(tab)) == ("320", "224", "0.6")
    generate(tab)
    done(tab)
    settings, given = drawn[0]
    assert settings.image_sha256 == given.image_sha256 == GivenPicture.open(house).image_sha256
    assert settings.mask_sha256 is None
    tab.get_by_role("button", name="Take the picture away").click()
    tab.locator("#picture input[type=file]").wait_for(state="attached")
    wait_for(lambda: (value(tab, "Width"), value(tab, "Height")) == ("256", "256"))
    generate(tab)
    done(tab)
    assert drawn[1][0].image_sha256 is None


@pytest.mark.long
def test_a_picture_is_taken_with_the_camera(tab: Page, pipe: SanaPipeline, drawn: Drawn) -> None:
    tab.get_by_role("button", name="Start from a picture").click()
    tab.get_by_label("Capture from camera").click()
    tab.get_by_title("grant webcam access").click()
    tab.wait_for_function("document.querySelector('#picture video')?.videoWidth > 0")
    tab.get_by_label("capture photo").click()
    tab.locator("#painter canvas").wait_for()
    generate(tab)
    done(tab)
    given = drawn[0][1]
    assert given
    red, green, blue = given.pixels.reshape(-1, 3).mean(axis=0)
    assert green > max(red, blue), "Chromium's stand-in for a camera shows green"


@pytest.mark.long
def test_a_mask_is_painted_with_a_finger_and_undone(phone: Page, pipe: SanaPipeline, house: Path, drawn: Drawn) -> None:
    give(phone, house)
    phone.get_by_role("button", name="Draw only a part anew").click()
    phone.locator("#painter canvas").scroll_into_view_if_needed()
    stroke(phone, (0.1, 0.5), (0.4, 0.5))
    wait_for(lambda: strength(phone) == "1")
    phone.get_by_label("Grow the mask").first.wait_for()
    stroke(phone, (0.6, 0.5), (0.9, 0.5))
    phone.get_by_role("button", name="Undo").click()
    phone.set_viewport_size({"width": 700, "height": 390})  # turned, it keeps what is painted
    generate(phone)
    done(phone)
    given = drawn[0][1]
    assert given
    mask = given.mask
    assert mask is not None
    assert mask.shape == (200, 300)
    assert mask[100, 75] == 255
    assert mask[100, 225] == mask[20, 75] == 0
    phone.locator("#painter").get_by_role("button", name="Clear").click()
    wait_for(lambda: strength(phone) == "0.6")
    generate(phone)
    done(phone)
    assert drawn[1][0].mask_sha256 is None


def paint_and_keep(tab: Page, path: Path) -> None:
    """Give a picture and paint on it, until the browser has kept its strength."""
    give(tab, path)
    tab.get_by_role("button", name="Draw only a part anew").click()
    tab.locator("#painter canvas").scroll_into_view_if_needed()
    stroke(tab, (0.1, 0.5), (0.4, 0.5))
    tab.wait_for_function("sessionStorage.getItem('sana-form').includes('\"strength\":1,')")


def test_a_painted_mask_survives_a_reload(phone: Page, house: Path, drawn: Drawn) -> None:
    paint_and_keep(phone, house)
    phone.reload()  # before the painter's own pause is over
    phone.get_by_label("Grow the mask").first.wait_for()
    assert strength(phone) == "1"
    generate(phone)
    done(phone)
    given = drawn[0][1]
    assert given
    assert given.mask is not None
    assert given.mask[100, 75] == 255
    assert given.mask[100, 225] == given.mask[20, 75] == 0


@pytest.mark.long
def test_a_painted_mask_survives_a_server_and_a_damaged_one_is_told(phone: Page, house: Path, drawn: Drawn) -> None:
    paint_and_keep(phone, house)
    generate(phone)
    done(phone)
    # A server that was started again has lost the picture. Given again, it has its mask.
    Path(phone.evaluate("JSON.parse(sessionStorage.getItem('sana-form')).values.image.path")).unlink()
    phone.reload()
    phone.get_by_text("The picture to start from is needed again").wait_for()
    phone.locator("#picture input[type=file]").set_input_files(house)
    phone.get_by_label("Grow the mask").first.wait_for()
    assert strength(phone) == "1"
    generate(phone)
    done(phone)
    before, after = (given.mask for _, given in drawn if given)
    assert before is not None
    assert after is not None
    assert np.array_equal(before >= 128, after >= 128)  # what counts as painted: the rims' greys are not kept
    phone.wait_for_timeout(2500)  # until the painter has kept it again
    phone.evaluate("""() => {
        for (const storage of [sessionStorage, localStorage]) {
            const mask = JSON.parse(storage.getItem("sana-mask"));
            storage.setItem("sana-mask", JSON.stringify({ ...mask, address: "data:image/png;base64,AAAA" }));
        }
    }""")
    phone.reload()
    phone.get_by_text("The browser cannot read this file as a picture").wait_for()
    generate(phone)
    done(phone)
    assert drawn[2][0].mask_sha256 is None


@pytest.mark.long
def test_a_drawn_picture_is_made_larger_and_its_settings_ask_for_it_again(
    tab: Page, pipe: SanaPipeline, drawn: Drawn, tmp_path: Path
) -> None:
    generate(tab)
    done(tab)
    prompt(tab).fill("something else")
    tab.get_by_role("button", name="Larger").click()
    tab.get_by_text("Generate draws it at 512 x 512").wait_for()
    wait_for(lambda: prompt(tab).input_value() == "a red house")
    assert (value(tab, "Width"), strength(tab)) == ("512", str(ENLARGE_STRENGTH))
    tab.get_by_role("button", name="Generate").click()
    done(tab)
    settings, given = drawn[1]
    assert given
    assert (settings.width, settings.strength, settings.enlarge) == (512, ENLARGE_STRENGTH, True)
    wait_for_width(tab, 512)
    write_png(pipe("x", width=128, height=128, image=Image.fromarray(given.pixels)).images[0], tmp_path / "made.png")
    drop(tab, tmp_path / "made.png")
    tab.get_by_text("The settings of this picture are filled in: Generate makes it again.", exact=True).wait_for()
    assert tab.locator("#painter").count() == 1  # the picture that it started from is there
    tab.get_by_role("button", name="Take the picture away").click()
    drop(tab, tmp_path / "made.png")
    tab.get_by_text(f"begins with {given.image_sha256[:8]}").wait_for()


@pytest.mark.long
def test_stop_while_the_picture_is_read(
    tab: Page, pipe: SanaPipeline, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int | str] = []

    def slow(settings: GenerationSettings, given: GivenPicture | None = None) -> Iterator[Update]:
        try:
            for band in range(1, 101):
                read.append(band)
                yield EncodeUpdate(1, 100)  # always the first: a sentence that stays can't be missed
                time.sleep(0.5)
        finally:
            read.append("closed")

    monkeypatch.setattr(pipe, "generate", slow)
    give(tab, house)
    generate(tab)
    tab.get_by_text("Reading the picture: band 1 of 100").wait_for()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Stopped.").wait_for()
    wait_for(lambda: read[-1] == "closed")
    assert 100 not in read


@pytest.mark.long
def test_a_picture_grows_to_the_right_and_what_is_new_is_marked(tab: Page, house: Path, drawn: Drawn) -> None:
    give(tab, house)
    tab.get_by_role("button", name="Extend the picture").first.click()
    tab.get_by_label("Right").check()
    tab.locator("#extend").get_by_role("button", name="Extend the picture").last.click()
    tab.get_by_text("The picture is larger now").wait_for()
    wait_for(lambda: strength(tab) == "1")
    generate(tab)
    done(tab)
    given = drawn[0][1]
    assert given
    mask = given.mask
    assert mask is not None
    assert mask.shape == (200, 384)
    assert (mask[:, :300] == 0).all()
    assert (mask[:, 300:] == 255).all()


def test_a_file_that_is_no_picture_is_refused_at_once(tab: Page, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("no picture")
    tab.get_by_role("button", name="Start from a picture").click()
    tab.locator("#picture input[type=file]").set_input_files(tmp_path / "no.png")
    tab.locator("#given").get_by_text("is no picture that can be read").wait_for()
    assert tab.locator("#painter").count() == 0
