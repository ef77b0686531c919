"""What the panel for a picture computes: sizes, values, extensions, sentences. Its events are tested in a browser."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.domain.errors import SanaError
from pipeline.domain.families import SPRINT
from pipeline.domain.picture_parameters import ENLARGE_STRENGTH
from pipeline.generation.given_picture import GivenPicture
from pipeline.page.extending import Extension, own_size
from pipeline.page.given_state import Given, picture_values
from pipeline.page.picture_files import write_given
from pipeline.page.picture_gallery import selected_picture, stage
from pipeline.page.picture_panel import no_encoder
from pipeline.page.redraw_events import larger_size
from pipeline.page.words import English
from tests.descriptions import MODEL

BEFORE = {"width": 256, "height": 256, "num_inference_steps": 7, "use_resolution_binning": True}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A file of 300x200 pixels of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_a_given_picture_is_drawn_in_its_shape_and_at_the_familys_strength(picture: Path) -> None:
    given = Given.read(picture, BEFORE)
    assert (given.size, given.sha256) == ((300, 200), GivenPicture.open(picture).image_sha256)
    assert given.values(MODEL) == {
        "width": 320,
        "height": 224,
        "strength": 0.6,
        "enlarge": False,
    }  # the visitor's steps stay
    sprint = {"width": 320, "height": 224, "strength": 0.5, "num_inference_steps": 4, "enlarge": False}
    assert given.values(replace(MODEL, family=SPRINT)) == sprint


def test_the_next_picture_remembers_what_was_there_before_the_first(picture: Path) -> None:
    first, second = Given.read(picture, BEFORE), Given.read(picture, {"width": 320})
    assert second.instead_of(first).before == BEFORE
    assert second.instead_of(None).before == {"width": 320}


def test_a_preview_is_small_however_large_the_picture_is(tmp_path: Path) -> None:
    Image.new("RGB", (5000, 1000)).save(tmp_path / "wide.png")
    given = Given.read(tmp_path / "wide.png", BEFORE)
    assert given.size == (5000, 1000)
    assert len(given.preview) < 10_000


@pytest.mark.parametrize(
    ("size", "larger"),
    [
        ((256, 256), (512, 512)),
        ((1344, 768), (2688, 1536)),
        ((4096, 2048), (4096, 2048)),
        ((3072, 2048), (4096, 2720)),
    ],
)
def test_larger_is_twice_the_size_in_whole_latents_and_at_most_4096(
    size: tuple[int, int], larger: tuple[int, int]
) -> None:
    assert larger_size(size) == larger


def test_larger_enlarges_at_low_strength() -> None:
    values = picture_values(MODEL, (608, 416), enlarge=True)
    assert values == {"width": 608, "height": 416, "strength": ENLARGE_STRENGTH, "enlarge": True}


@pytest.mark.parametrize(
    ("sides", "share", "size", "at"),
    [
        (["right"], 0.25, (384, 200), (0, 0)),
        (["left", "right"], 0.5, (608, 200), (154, 0)),
        (["top"], 0.5, (300, 288), (0, 88)),
        (["left", "top", "right", "bottom"], 0.25, (448, 288), (74, 44)),
    ],
)
def test_an_extension_keeps_the_picture_and_marks_what_is_new(
    picture: Path, sides: list[str], share: float, size: tuple[int, int], at: tuple[int, int]
) -> None:
    canvas, mask = Extension.of_page(sides, share).apply(picture, None, False)
    (left, top), (width, height) = at, size
    assert canvas.size == mask.size == size
    assert np.array_equal(np.asarray(canvas)[top : top + 200, left : left + 300], np.asarray(Image.open(picture)))
    marked = np.asarray(mask) == 255
    assert not marked[top : top + 200, left : left + 300].any()
    assert marked.sum() == width * height - 300 * 200


@pytest.mark.parametrize("inverts", [False, True])
def test_an_extension_marks_what_was_painted_as_well(picture: Path, tmp_path: Path, inverts: bool) -> None:
    painted = Image.new("L", (300, 200))
    painted.paste(255, (10, 20, 30, 40))
    painted.save(tmp_path / "mask.png")
    _, mask = Extension.of_page(["left"], 0.25).apply(picture, tmp_path / "mask.png", inverts)
    inside = np.asarray(mask)[:, 84:] == 255  # 300 + 75 pixels, in multiples of 32
    assert inside.sum() == (300 * 200 - 400 if inverts else 400)
    assert inside[20:40, 10:30].all() != inverts


@pytest.mark.parametrize(
    ("sides", "share"), [("left", 0.25), (["up"], 0.25), ([{}], 0.5), (["left"], 3), (["top"], None)]
)
def test_an_extension_that_the_page_does_not_offer_is_refused(sides: object, share: object) -> None:
    with pytest.raises(SanaError, match="not what the page sends"):
        Extension.of_page(sides, share)


def test_a_canvas_is_drawn_at_its_own_size_where_the_model_can() -> None:
    assert own_size((384, 256), MODEL) == {"width": 384, "height": 256, "use_resolution_binning": False}
    assert own_size((416, 256), MODEL) == {}
    assert own_size((384, 200), MODEL) == {}


def test_the_line_about_the_size_says_what_is_done_to_the_picture() -> None:
    words = English()
    assert words.picture_size((320, 224), (320, 224)).endswith("drawn at this size.")
    assert words.picture_size((640, 448), (320, 224)).endswith("resized to 320 x 224.")
    assert words.picture_size((300, 200), (320, 224)).endswith("stretched to 320 x 224.")


def test_a_model_without_an_encoder_says_so() -> None:
    assert "no image encoder" in no_encoder(MODEL, English())
    assert no_encoder(replace(MODEL, has_vae_encoder=True), English()) == ""


def test_the_chosen_picture_is_the_newest_until_the_browser_names_another(tmp_path: Path) -> None:
    words, files = English(), [tmp_path / "a.png", tmp_path / "b.png"]
    for file in files:
        file.write_bytes(b"")
    assert selected_picture(stage(files), words) == files[1]
    assert selected_picture({**stage(files), "selected": 0}, words) == files[0]
    assert selected_picture({**stage(files, "data:,"), "selected": 0}, words) == files[0]
    for value, sentence in (
        (None, "no picture yet"),
        (stage([]), "no picture yet"),
        (stage(files, "data:,"), "unfinished"),
        (stage([tmp_path / "c.png"]), "gone"),
    ):
        with pytest.raises(SanaError, match=sentence):
            selected_picture(value, words)


def test_a_picture_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SanaError, match="could not be written"):
        write_given(Image.new("RGB", (8, 8)), tmp_path / "file")
    assert write_given(Image.new("RGB", (8, 8)), tmp_path).is_file()
