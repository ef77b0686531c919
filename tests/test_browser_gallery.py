"""Pictures in the browser: a batch as tiles, the large view, comparison, undo, the history, the keys."""

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pipeline.generation.metadata import read_settings, write_png
from tests.browsing import STILL, done, generate, prompt, serious_violations
from tests.painter import Painter, picture
from tests.serving import serve_page
from tests.waiting import wait_for

UNDO = "Undo: as it was before"
STORE_OF_VERSION_1 = """async ([png, count]) => {
    const bytes = Uint8Array.from(atob(png), (sign) => sign.charCodeAt(0));
    const request = indexedDB.open("sana", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("pictures", { autoIncrement: true });
    await new Promise((done) => { request.onsuccess = done; });
    const transaction = request.result.transaction("pictures", "readwrite");
    const blob = new Blob([bytes], { type: "image/png" });
    for (let at = 0; at < count; at += 1) {
        transaction.objectStore("pictures").add({ blob, name: "sana-7.png", caption: "old" });
    }
    transaction.objectStore("pictures").add({ blob: "damaged", name: "sana-8.png", caption: "old" });
    await new Promise((done) => { transaction.oncomplete = done; });
    request.result.close();
}"""
FOREIGN_STORE = """async () => {
    const request = indexedDB.open("sana", 5);
    request.onupgradeneeded = () => request.result.createObjectStore("songs", { keyPath: "id" }).add({ id: 1 });
    await new Promise((done) => { request.onsuccess = done; });
    request.result.close();
}"""
SONGS = """async () => {
    const request = indexedDB.open("sana");
    await new Promise((done) => { request.onsuccess = done; });
    const songs = request.result.transaction("songs").objectStore("songs").count();
    await new Promise((done) => { songs.onsuccess = done; });
    request.result.close();
    return songs.result;
}"""


@pytest.fixture(scope="module")
def page(painter: Painter) -> Iterator[str]:
    """Yield the address of a page that draws at once."""
    from app import build_page
    from pipeline.jobs.models import Models

    models = Models([painter])
    models.start(lambda progress: None)
    with serve_page(build_page(models)) as url:
        yield url


def draw(tab: Page, text: str, count: int = 1) -> None:
    before = thumbnails(tab).count()
    generate(tab, text)
    wait_for(lambda: thumbnails(tab).count() == before + count)
    done(tab)


def open_for_three(tab: Page) -> None:
    """Open the page with three pictures a request."""
    tab.goto(f"{tab.url}?num_images=3&randomize_seed=true&prompt=three")
    wait_for_prompt(tab, "three")


def thumbnails(tab: Page) -> Locator:
    return tab.locator("#history .strip button")


def tiles(tab: Page) -> Locator:
    return tab.locator("#pictures .open")


def large(tab: Page) -> Locator:
    return tab.get_by_role("dialog")


def note(tab: Page) -> Locator:
    return tab.locator("#history .note")


def press(tab: Page, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


def wait_for_prompt(tab: Page, text: str) -> None:
    wait_for(lambda: prompt(tab).input_value() == text)


def test_another_tile_is_compared_as_soon_as_it_is_chosen(tab: Page) -> None:
    open_for_three(tab)
    draw(tab, "a red house", 3)
    seeds = [int(read) for read in tab.evaluate(SEEDS)]
    tiles(tab).nth(0).hover()
    tab.locator("#pictures .tile").nth(0).get_by_role("button", name="Compare").click()
    tab.get_by_text("Kept for comparison").wait_for()
    captions = tab.locator("#comparison .captions span")
    for other in (1, 2):
        tiles(tab).nth(other).click()
        captions.nth(1).get_by_text(f"seed {seeds[other]}").wait_for()
        assert f"seed {seeds[0]}" in captions.nth(0).inner_text()
    slider = tab.get_by_label("How much of the first picture is shown")
    slider.press("ArrowRight")
    assert slider.input_value() == "51"
    assert serious_violations(tab) == []
    tab.keyboard.press("Escape")
    tab.locator("#comparison").wait_for(state="hidden")


SEEDS = """() => Promise.all([...document.querySelectorAll("#pictures img")].map(async (image) => {
    const blob = await (await fetch(image.src)).blob();
    return window.sana.settingsOf(await window.sana.recordOf(blob)).seed;
}))"""


@pytest.mark.long
def test_a_tile_is_used_varied_enlarged_and_deleted(tab: Page) -> None:
    open_for_three(tab)
    draw(tab, "a red house", 3)
    seeds = tab.evaluate(SEEDS)
    prompt(tab).fill("what I am typing")
    tiles(tab).nth(0).click()
    assert large(tab).locator("img").get_attribute("alt") == "a red house"
    assert serious_violations(tab) == []
    large(tab).get_by_text("1 of 3").wait_for()
    tab.keyboard.press("ArrowRight")
    large(tab).get_by_text("2 of 3").wait_for()
    large(tab).get_by_role("button", name="Use").click()
    wait_for_prompt(tab, "a red house")
    wait_for(lambda: tab.get_by_label("Seed", exact=True).input_value() == str(seeds[1]))
    press(tab, UNDO)
    wait_for_prompt(tab, "what I am typing")
    assert tab.get_by_label("Random seed").is_checked()
    tab.locator("#undo").wait_for(state="detached")
    tiles(tab).nth(0).focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Delete")
    wait_for(lambda: (tiles(tab).count(), thumbnails(tab).count()) == (2, 2))
    tab.locator(".sana-toast").get_by_role("button", name="Undo").click()
    wait_for(lambda: (tiles(tab).count(), thumbnails(tab).count()) == (3, 3))
    assert tab.evaluate(SEEDS) == seeds
    tab.locator("#pictures .tile").nth(1).hover()
    tab.locator("#pictures .tile").nth(1).get_by_role("button", name="Vary").click()
    wait_for(lambda: thumbnails(tab).count() == 4)
    assert tab.evaluate(SEEDS)[0] not in seeds
    done(tab)
    (seed,) = tab.evaluate(SEEDS)
    press(tab, "Subtle variation")
    wait_for(lambda: thumbnails(tab).count() == 5)
    assert tab.evaluate(SEEDS) == [seed]
    assert not tab.get_by_label("Random seed").is_checked()
    tab.get_by_text("More settings").click()
    strength = tab.get_by_label("number input for Variation strength")
    wait_for(lambda: strength.input_value() == "0.2")
    tab.get_by_label("Random seed").check()
    wait_for(lambda: strength.input_value() == "0")  # else random pictures would be variations of one another
    done(tab)
    tiles(tab).first.focus()
    tab.keyboard.press("Delete")
    wait_for(lambda: (tiles(tab).count(), thumbnails(tab).count()) == (0, 4))
    tab.reload()
    done(tab)  # the server tells its last request again
    wait_for(lambda: thumbnails(tab).count() == 4)
    assert tiles(tab).count() == 0


@pytest.mark.long
def test_the_history_is_looked_at_while_a_picture_is_drawn(
    tab: Page, painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tab, "a red house")
    monkeypatch.setattr(painter, "pause", 4.0)  # longer than a busy machine takes for what is looked at
    generate(tab, "a blue boat")
    tab.get_by_text("Step 1 of 2").wait_for()
    thumbnails(tab).first.click()
    wait_for(lambda: large(tab).locator("img").evaluate("image => image.naturalWidth") == 256)
    assert prompt(tab).input_value() == "a blue boat"
    tab.keyboard.press("Escape")
    large(tab).wait_for(state="hidden")
    assert tab.locator("#stop").is_enabled()  # the key has closed the view and stopped nothing
    tab.keyboard.press("Escape")
    tab.get_by_text("Stopped").wait_for()


@pytest.mark.long
def test_the_history_survives_a_reload_and_is_used_starred_searched_and_deleted(tab: Page) -> None:
    for text in ("a red house", "a blue boat"):
        draw(tab, text)
    tab.reload()
    wait_for(lambda: thumbnails(tab).count() == 2)
    wait_for_prompt(tab, "a blue boat")  # what was typed is there again
    prompt(tab).fill("what I am typing")
    thumbnails(tab).nth(1).click()
    large(tab).get_by_role("button", name="Star").click()
    large(tab).locator("[aria-pressed=true]").wait_for()
    large(tab).get_by_role("button", name="Use").click()
    wait_for_prompt(tab, "a red house")
    press(tab, UNDO)
    wait_for_prompt(tab, "what I am typing")
    thumbnails(tab).nth(0).click()
    large(tab).get_by_role("button", name="Change this").click()
    tab.locator("#painter canvas").wait_for()
    assert thumbnails(tab).count() == 2  # what is brought back is kept already
    press(tab, UNDO)
    tab.locator("#painter canvas").wait_for(state="detached")
    tab.get_by_label("Search in prompts").fill("BOAT a")
    wait_for(lambda: thumbnails(tab).count() == 1)
    tab.get_by_label("Search in prompts").fill("whale")
    note(tab).get_by_text("No picture here").wait_for()
    tab.get_by_label("Search in prompts").fill("")
    tab.locator("#history .starred").click()
    wait_for(lambda: thumbnails(tab).count() == 1)
    assert thumbnails(tab).first.locator("img").get_attribute("alt").startswith("a red house")
    thumbnails(tab).first.focus()
    tab.keyboard.press("Delete")
    wait_for(lambda: thumbnails(tab).count() == 0)
    tab.locator(".sana-toast").get_by_role("button", name="Undo").click()
    wait_for(lambda: thumbnails(tab).count() == 1)
    tab.locator("#history .starred").click()
    wait_for(lambda: thumbnails(tab).count() == 2)
    assert serious_violations(tab) == []


@pytest.mark.long
def test_all_pictures_are_downloaded_in_a_zip_under_the_words_of_their_prompts(tab: Page, tmp_path: Path) -> None:
    draw(tab, "A red house, <b>naïve</b> & 猫!")
    open_for_three(tab)
    draw(tab, "a boat", 3)
    with tab.expect_download() as download:
        press(tab, "Download all")
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
        names = archive.namelist()
    settings = [read_settings(tmp_path / name) for name in names]
    assert [each.prompt for each in settings] == ["a boat", "a boat", "a boat", "A red house, <b>naïve</b> & 猫!"]
    expected = [f"sana-{words}-{each.seed}.png" for words, each in zip(WORDS, settings, strict=True)]
    assert names == expected


WORDS = ("a-boat", "a-boat", "a-boat", "a-red-house-b-naïve-b-猫")


@pytest.fixture
def blank(browser: Browser, page: str) -> Iterator[Page]:
    """Yield a tab at an address of the page that holds no page, to prepare the browser's database."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **STILL)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.goto(f"{page}theme.css")
    yield tab
    context.close()


@pytest.mark.long
def test_the_pictures_of_the_first_edition_are_read_and_get_thumbnails(blank: Page, page: str) -> None:
    content = io.BytesIO()
    write_png(picture(7, "a red house", 1024), content)
    blank.evaluate(STORE_OF_VERSION_1, [base64.b64encode(content.getvalue()).decode(), 3])
    blank.goto(page)
    wait_for(lambda: thumbnails(blank).count() == 3)
    note(blank).get_by_text("Not readable, and left alone: 1.").wait_for()
    image = thumbnails(blank).first.locator("img")
    assert image.get_attribute("alt").startswith("a red house (seed 7")
    assert image.evaluate("image => image.naturalWidth") == 256
    blank.reload()
    wait_for(lambda: thumbnails(blank).count() == 3)
    thumbnails(blank).first.click()
    wait_for(lambda: large(blank).locator("img").evaluate("image => image.naturalWidth") == 1024)


@pytest.mark.long
def test_a_foreign_store_is_left_alone_and_another_one_begun(blank: Page, page: str) -> None:
    blank.evaluate(FOREIGN_STORE)
    blank.goto(page)
    note(blank).get_by_text("It is left alone; a new one has begun.").wait_for()
    draw(blank, "a red house")
    blank.reload()
    wait_for(lambda: thumbnails(blank).count() == 1)
    assert blank.evaluate(SONGS) == 1


@pytest.mark.long
def test_a_full_store_deletes_nothing_and_says_so(tab: Page) -> None:
    draw(tab, "a red house")
    tab.evaluate("""() => {
        IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError"); };
    }""")
    generate(tab, "a blue boat")
    note(tab).get_by_text("The browser's storage is full.").wait_for()
    assert thumbnails(tab).count() == 1
    done(tab)
    assert tiles(tab).count() == 1


@pytest.mark.long
def test_the_keys(tab: Page) -> None:
    for text in ("a red house", "a blue boat"):
        draw(tab, text)
    field = prompt(tab)
    field.press("ArrowUp")
    assert field.input_value() == "a red house"
    field.press("ArrowDown")
    assert field.input_value() == "a blue boat"
    field.fill("mine")
    field.press("ArrowUp")
    assert field.input_value() == "mine"
    tab.get_by_label("Width").focus()
    tab.keyboard.press("Control+Enter")
    wait_for(lambda: thumbnails(tab).count() == 3)
    field.press("Control+Enter")  # once, although the field generates as well
    wait_for(lambda: thumbnails(tab).count() == 4)
    tab.reload()
    expect(field).to_have_value("mine")  # filled in again
    field.fill("")
    field.press("ArrowUp")
    expect(field).to_have_value("mine")


@pytest.mark.long
def test_the_link_is_that_of_the_chosen_picture(tab: Page) -> None:
    draw(tab, "a red house")
    prompt(tab).fill("what I am typing")
    press(tab, "Copy link")
    tab.wait_for_function("location.search.includes('prompt=a+red+house')")
