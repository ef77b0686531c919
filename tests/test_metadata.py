import dataclasses
import json
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.domain.errors import SanaError
from pipeline.domain.limits import MAX_PNG_CHUNKS
from pipeline.domain.schedule_parameters import SCHEDULE_PARAMETERS
from pipeline.domain.settings import GenerationSettings
from pipeline.generation.metadata import describe, read_metadata, read_settings, to_image, write_png
from pipeline.generation.preview import Preview
from tests.descriptions import MODEL

SETTINGS = GenerationSettings(
    'Дом "at"\nnight, 月 🌙: é\x00, Steps: 99',
    negative_prompt="blurry",
    width=256,
    height=128,
    num_inference_steps=7,
    guidance_scale=3.25,
    seed=2**32 - 1,
    use_resolution_binning=False,
)


RUN = {"sampler": "DPMSolverMultistepScheduler", "device": "CPU", "precision": "f32"}


def picture(settings: GenerationSettings = SETTINGS) -> Image.Image:
    pixels = np.random.default_rng(0).random((128, 256, 3), dtype=np.float32)
    return to_image(pixels, describe(settings, MODEL, RUN, {"openvino": "1"}))


def test_png_gives_back_the_pixels_and_all_settings(tmp_path: Path) -> None:
    image = picture()
    write_png(image, tmp_path / "a.png")
    assert read_settings(tmp_path / "a.png") == SETTINGS
    record = read_metadata(tmp_path / "a.png")
    assert record["image_index"] == 0
    assert record["model"]["source"] == "owner/model"
    assert record["model"]["revision"] == "0123abc"
    assert record["model"]["compression"] == "fp16"
    with Image.open(tmp_path / "a.png") as read:
        assert np.array_equal(np.asarray(read), np.asarray(image))


def test_a_schedule_is_recorded_where_one_is_given(tmp_path: Path) -> None:
    for settings in (
        dataclasses.replace(SETTINGS, num_inference_steps=2, timesteps=(1.5, 0.7, 0.0)),
        dataclasses.replace(SETTINGS, flow_shift=5.0),
    ):
        write_png(picture(settings), tmp_path / "a.png")
        assert read_settings(tmp_path / "a.png") == settings
    assert read_metadata(tmp_path / "a.png")["settings"]["flow_shift"] == 5.0
    write_png(picture(), tmp_path / "a.png")
    assert not {each.name for each in SCHEDULE_PARAMETERS} & read_metadata(tmp_path / "a.png")["settings"].keys()


def test_parameters_have_the_form_that_galleries_read(tmp_path: Path) -> None:
    write_png(picture(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as read:
        *prompt, negative, values = read.info["parameters"].split("\n")
    assert "\n".join(prompt) == SETTINGS.prompt.replace("\0", "")
    assert negative == "Negative prompt: blurry"
    assert values == (
        "Steps: 7, Sampler: DPMSolverMultistepScheduler, CFG scale: 3.25, Seed: 4294967295, Size: 256x128, "
        "Model: owner/model"
    )


def test_same_picture_same_bytes(tmp_path: Path) -> None:
    write_png(picture(), tmp_path / "a.png")
    write_png(picture(), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "not json",
        "[" * 100_000,
        "[]",
        json.dumps({}),
        json.dumps({"settings": {"colour": 1}}),
        json.dumps({"settings": [1]}),
        '{"settings": ' + "[" * 900 + "]" * 900 + "}",
    ],
)
def test_a_picture_without_settings_of_ours_is_refused(tmp_path: Path, text: str | None) -> None:
    image = Image.new("RGB", (8, 8))
    if text is not None:
        image.info["sana"] = text
    write_png(image, tmp_path / "a.png")
    with pytest.raises(SanaError, match=r"a\.png holds"):
        read_settings(tmp_path / "a.png")


def test_a_value_too_deep_to_be_shown_is_refused_in_a_sentence(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8))
    image.info["sana"] = '{"settings": {"prompt": "a house", "seed": ' + "[" * 900 + "]" * 900 + "}}"
    write_png(image, tmp_path / "a.png")
    with pytest.raises(SanaError, match="The seed must be a whole number"):
        read_settings(tmp_path / "a.png")


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(SanaError, match="holds no settings"):
        read_metadata(tmp_path / "a.png")


def test_settings_are_read_without_the_pixels_also_after_them(tmp_path: Path) -> None:
    write_png(picture(), tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    start = content.index(b"tEXtsana") - 4
    end = content.index(b"IDAT") - 4
    ihdr = content[:16] + (100_000).to_bytes(4, "big") + (2_000).to_bytes(4, "big") + content[24:33]
    end_chunk = content[-12:]
    moved = ihdr + content[33:start] + content[end:-12] + content[start:end] + end_chunk  # 200 megapixels, it says
    (tmp_path / "moved.png").write_bytes(moved)
    assert read_settings(tmp_path / "moved.png") == SETTINGS
    (tmp_path / "bare.png").write_bytes(ihdr + content[end:])
    with pytest.raises(SanaError, match="holds no settings"):
        read_settings(tmp_path / "bare.png")
    for cut in (5, 8, 20, start + 20, len(content) - 1):
        (tmp_path / "cut.png").write_bytes(content[:cut])
        with pytest.raises(SanaError, match=r"cut\.png (is no PNG|is cut off)"):
            read_settings(tmp_path / "cut.png")


def test_a_picture_of_an_earlier_version_keeps_its_place_among_those_drawn_together(tmp_path: Path) -> None:
    """The record is the one that d271413 wrote for the second of three pictures."""
    old = dataclasses.replace(SETTINGS, num_images_per_prompt=3, batch_index=1)
    write_png(picture(old), tmp_path / "old.png")
    record = read_metadata(tmp_path / "old.png")
    assert record["image_index"] == 1
    assert record["settings"] == {
        "prompt": SETTINGS.prompt,
        "negative_prompt": "blurry",
        "width": 256,
        "height": 128,
        "num_inference_steps": 7,
        "guidance_scale": 3.25,
        "seed": 2**32 - 1,
        "num_images_per_prompt": 3,
        "use_resolution_binning": False,
        "draft_decode": False,
    }
    assert read_settings(tmp_path / "old.png") == old


def test_preview_is_the_linear_map_of_the_manifest() -> None:
    latent = np.zeros((2, 4, 4))
    latent[0, :, :2], latent[1, :, 2:] = 1, 1
    preview = Preview({"matrix": [[1, 0], [0, 1], [0, 0]], "bias": [0, 0, 0.2]})(latent, 1024, 512)
    assert preview.size == (512, 256)
    assert preview.getpixel((20, 100)) == (255, 0, 51)
    assert preview.getpixel((490, 100)) == (0, 255, 51)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_text(tmp_path: Path, *chunks: bytes, after: bytes = b"") -> Path:
    """Return the path of a PNG of one pixel with these chunks."""
    stream = BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "PNG")
    content = stream.getvalue()
    (tmp_path / "made.png").write_bytes(content[:-12] + b"".join(chunks) + content[-12:] + after)
    return tmp_path / "made.png"


RECORD = json.dumps({"settings": {"prompt": "Дом"}}, ensure_ascii=False).encode()
PACKED = zlib.compress(RECORD)


@pytest.mark.parametrize(
    "text",
    [
        chunk(b"iTXt", b"sana\0\0\0ru\0\xd1\x81\0" + RECORD),
        chunk(b"iTXt", b"sana\0\1\0\0\0" + PACKED),
        chunk(b"zTXt", b"sana\0\0" + zlib.compress(json.dumps(json.loads(RECORD)).encode())),
        chunk(b"tEXt", b"sana\0" + json.dumps(json.loads(RECORD)).encode()),
    ],
    ids=["iTXt", "packed iTXt", "zTXt", "tEXt"],
)
@pytest.mark.parametrize("after", [b"", b"\0", b"a second file" * 1000], ids=["", "a byte after", "much after"])
def test_text_of_any_kind_is_read_and_what_follows_the_picture_is_not(
    tmp_path: Path, text: bytes, after: bytes
) -> None:
    others = chunk(b"iTXt", b"other\0\1\0\0\0" + PACKED), chunk(b"zTXt", b"sanak\0\0" + PACKED), chunk(b"tEXt", b"sana")
    assert read_settings(with_text(tmp_path, *others, text, after=after)).prompt == "Дом"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (chunk(b"zTXt", b"sana\0\0" + zlib.compress(b" " * 2**21)), "its text is damaged"),
        (chunk(b"zTXt", b"sana\0\1" + PACKED), "its text is damaged"),
        (chunk(b"zTXt", b"sana\0\0" + PACKED[:-3]), "its text is damaged"),
        (chunk(b"iTXt", b"sana\0\1\0\0\0nothing packed"), "its text is damaged"),
        (chunk(b"iTXt", b"sana\0\0"), "its text is damaged"),
        (chunk(b"iTXt", b"sana\0\0\0\0\0\xff\xfe"), "its text is damaged"),
        (chunk(b"teSt", b"") * MAX_PNG_CHUNKS, "it has too many chunks"),
    ],
)
def test_a_text_that_cannot_be_one_of_ours_is_one_sentence(tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(SanaError, match=f"made.png cannot be read \\({reason}\\)"):
        read_metadata(with_text(tmp_path, text))


@pytest.mark.parametrize(
    "name",
    ["owner/model", "Дом", "a, b: c", 'a "quoted" name', "two\nlines", "back\\slash", " blanks ", "a\u2028b, Seed: 1"],
)
def test_automatic1111_reads_the_name_of_any_model(name: str) -> None:
    """The pattern is that of `parse_generation_parameters` in its modules/infotext_utils.py."""
    texts = describe(SETTINGS, dataclasses.replace(MODEL, source=name), RUN, {})
    lines = texts["parameters"].splitlines()
    found = dict(re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', lines[-1]))
    assert found.keys() == {"Steps", "Sampler", "CFG scale", "Seed", "Size", "Model"}
    read = found["Model"]
    assert (json.loads(read) if read[0] == read[-1] == '"' else read) == name
    assert found["Seed"] == str(SETTINGS.seed)
