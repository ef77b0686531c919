"""Pictures to start from, as people's files hold them, and canvases that grow."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from pipeline.domain.errors import SettingsError
from pipeline.domain.limits import MAX_GIVEN_PIXELS
from pipeline.generation.canvas import extend_canvas
from pipeline.generation.given_picture import GivenPicture, transparent_part

ORIENTATION = 0x0112  # the EXIF tag


def noise(width: int = 20, height: int = 12, channels: int = 3) -> np.ndarray:
    """Return random pixels u8 [height, width, channels]."""
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def opened(image: Image.Image, format: str = "PNG", **options: Any) -> GivenPicture:
    """Write a picture and open it as the program does."""
    content = io.BytesIO()
    image.save(content, format=format, **options)
    return GivenPicture.open(content)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_each_mode_is_converted_to_rgb_as_pil_does(mode: str) -> None:
    image = Image.fromarray(noise()).convert(mode)
    given = opened(image, "JPEG" if mode == "CMYK" else "PNG", **({"quality": 100} if mode == "CMYK" else {}))
    expected = np.asarray(image.convert("RGB")).astype(int)
    off = np.abs(given.pixels.astype(int) - expected).max()
    assert off <= (24 if mode == "CMYK" else 0)  # JPEG of noise at its best quality: seen 13


def test_a_palette_with_a_transparent_entry_is_converted() -> None:
    image = Image.fromarray(noise()).convert("P")
    content = io.BytesIO()
    image.save(content, format="PNG", transparency=0)
    assert np.array_equal(GivenPicture.open(content).pixels, np.asarray(image.convert("RGB")))


def test_sixteen_bits_keep_their_upper_eight() -> None:
    grey = np.random.default_rng(0).integers(0, 1 << 16, (12, 20), dtype=np.uint16)
    assert np.array_equal(opened(Image.fromarray(grey)).pixels[..., 1], grey >> 8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(orientation: int) -> None:
    image, exif = Image.fromarray(noise()), Image.Exif()
    exif[ORIENTATION] = orientation
    given = opened(image, exif=exif)
    image.getexif()[ORIENTATION] = orientation
    assert np.array_equal(given.pixels, np.asarray(ImageOps.exif_transpose(image)))
    assert given.size == ((20, 12) if orientation < 5 else (12, 20))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {} if format == "GIF" else {"lossless": True} if format == "WEBP" else {}
    given = opened(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(given.pixels, np.asarray(frames[0]))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF"])
def test_each_format_is_read(format: str) -> None:
    given = opened(Image.new("RGB", (8, 8), "red"), format)
    assert np.abs(given.pixels.astype(int) - (255, 0, 0)).max() <= 2  # the loss of JPEG and WebP


def test_the_hash_is_that_of_the_upright_rgb_pixels_whatever_the_file() -> None:
    image = Image.fromarray(noise())
    assert opened(image).image_sha256 == opened(image, "BMP").image_sha256 == GivenPicture.of(image).image_sha256
    assert opened(image).image_sha256 != opened(ImageOps.mirror(image)).image_sha256


def _bomb(width: int, height: int) -> bytes:
    """Return a small PNG file that claims this size."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(20_000, 15_000), (1 << 30, 1 << 30), (MAX_GIVEN_PIXELS + 1, 1)])
def test_too_many_pixels_are_refused_before_any_is_decoded(width: int, height: int) -> None:
    with pytest.raises(SettingsError, match="more than 64 million pixels"):
        GivenPicture.open(io.BytesIO(_bomb(width, height)))


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", _bomb(500, 500)),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    ],
)
def test_what_is_no_whole_picture_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no picture that can be read"):
        GivenPicture.open(io.BytesIO(content))
    (tmp_path / "picture.png").write_bytes(content)
    with pytest.raises(SettingsError, match="no picture that can be read"):
        GivenPicture.open(tmp_path / "picture.png")


def test_a_cut_picture_is_refused() -> None:
    content = io.BytesIO()
    Image.fromarray(noise(200, 200)).save(content, format="JPEG")
    with pytest.raises(SettingsError, match="no picture that can be read"):
        GivenPicture.open(io.BytesIO(content.getvalue()[:3000]))


def test_a_mask_of_another_size_and_one_without_white_are_refused() -> None:
    image = Image.fromarray(noise())
    with pytest.raises(SettingsError, match="The mask has 5x5 pixels and the picture 20x12"):
        GivenPicture.of(image, Image.new("L", (5, 5), 255))
    given = GivenPicture.of(image, Image.new("L", (20, 12), 0))
    with pytest.raises(SettingsError, match="Nothing in the mask is white"):
        given.marked(20, 12, inverted=False)
    assert given.marked(20, 12, inverted=True).all()


def test_the_transparent_part_of_a_picture_becomes_white() -> None:
    pixels = noise(channels=4)
    pixels[..., 3] = 255
    pixels[:6, :, 3] = 0
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG")
    mask = np.asarray(Image.open(transparent_part(content)))
    assert (mask[:6] == 255).all()
    assert not mask[6:].any()


def test_a_canvas_grows_and_its_mask_marks_what_is_new() -> None:
    image = Image.fromarray(noise())
    canvas, mask = extend_canvas(image, left=4, top=2, right=0, bottom=6)
    assert canvas.size == mask.size == (24, 20)
    assert np.array_equal(np.asarray(canvas)[2:14, 4:], np.asarray(image))
    marked = np.asarray(mask)
    assert not marked[2:14, 4:].any()
    assert (marked == 255).sum() == 24 * 20 - 20 * 12


@pytest.mark.parametrize(("sides", "problem"), [({"left": -1}, "0 or more pixels"), ({"top": 10**7}, "64 million")])
def test_a_canvas_is_refused_in_a_sentence(sides: dict[str, int], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        extend_canvas(Image.fromarray(noise()), **sides)
