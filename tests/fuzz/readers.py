"""The readers of foreign bytes, each with contents that it takes, which are changed to find what it does not."""

import io
import json
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from PIL import Image
from safetensors.numpy import save

from pipeline.batch.prompt_lines import read_lines
from pipeline.cluster.update_line import _answer
from pipeline.domain.axes import EXPLORED, read_axes
from pipeline.domain.errors import SanaError
from pipeline.domain.prompt_list import read_prompts
from pipeline.export.taesana import read_draft
from pipeline.export.weights import read_tensors
from pipeline.generation.given_picture import GivenPicture
from pipeline.generation.metadata import read_settings, write_png
from pipeline.interfaces.automatic1111.drawing_request import read_drawing
from pipeline.interfaces.automatic1111.picture_info import parse_parameters, picture_info
from pipeline.interfaces.bodies import picture_file
from pipeline.interfaces.openai.image_request import parse_fields, read_request
from pipeline.interfaces.refused import Refused
from pipeline.jobs.models import Models
from pipeline.jobs.settling import settle
from pipeline.model_folder.description import describe_folder
from pipeline.page.link import checked_values, read_link
from pipeline.page.restoring import read_kept
from tests.fuzz.finding import file_name
from tests.model_files import CONFIGURATIONS, IR, write_files
from tests.painter import Painter, picture
from tests.tiny_checkpoint import draft_encoder

REFUSALS = (SanaError, Refused)
MOST_SAID = 1000  # characters; chosen: far more than any sentence has
MODELS = Models([Painter()])
FOLDER = Path(tempfile.mkdtemp(prefix="sana-fuzz-"))


@dataclass(frozen=True)
class Reader:
    """A reader, which takes bytes or raises one of REFUSALS, and contents that it takes."""

    read: Callable[[bytes], object]
    seeds: Sequence[bytes]


def file(content: bytes, name: str) -> Path:
    path = FOLDER / name
    path.write_bytes(content)
    return path


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def spelt(value: object) -> bytes:
    return json.dumps(value).encode()


def load(content: bytes) -> Any:
    """Return JSON as a program gets it, whose own reader refuses what is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def fields(content: bytes) -> dict[str, Any]:
    value = load(content)
    return {name: each for name, each in value.items() if each is not None} if isinstance(value, dict) else {}


def read_folder(name: str) -> Callable[[bytes], object]:
    """Return a reader of one file of a model folder. Its manifest lists the file as it was."""

    def read(content: bytes) -> object:
        folder = FOLDER / file_name(name)
        if not folder.exists():
            write_files(folder, IR)
        (folder / name).write_bytes(content)
        return describe_folder(folder)

    return read


def read_openai(content: bytes) -> object:
    return settle(MODELS, read_request(fields(content), MODELS, False).values, [{}])


def read_openai_form(content: bytes) -> object:
    texts = dict(parse_qsl(content.decode(errors="replace")))
    return read_request(parse_fields(texts), MODELS, True)


def read_automatic1111(content: bytes) -> object:
    return settle(MODELS, read_drawing(fields(content), MODELS, None, False).values, [{}])


def read_update(content: bytes) -> None:
    """Send a line to a running program as `pipeline.cluster.update` does."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(content[: 1 << 16])
        ours.shutdown(socket.SHUT_WR)
        _answer(theirs, "key", lambda model, replaced: iter([f"{model} {replaced}"]))


def read_explored(content: bytes) -> object:
    first, _, second = content.decode(errors="replace").partition("\n")
    return read_axes([(EXPLORED[0], first), (EXPLORED[1], second)], MODELS.names, 64)


def read_page(content: bytes) -> object:
    return checked_values(read_kept(content.decode(errors="replace")), MODELS)


def png() -> bytes:
    content = io.BytesIO()
    write_png(picture(3, side=128), content)
    return content.getvalue()


def drafts() -> Sequence[bytes]:
    return [draft_encoder(FOLDER / f"seed{ending}")[1].read_bytes() for ending in (".pth", ".safetensors")]


def read_prompt_file(ending: str) -> Callable[[bytes], object]:
    return lambda content: [line.seed for line in read_lines(file(content, f"prompts.{ending}"))]


TURNED = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # orientation 6
COLOURS = Image.linear_gradient("L").resize((64, 96)).convert("RGB")
PICTURES = (
    png(),
    saved(COLOURS.convert("RGBA"), "png"),
    saved(COLOURS.convert("P"), "gif"),
    saved(Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)), "png"),
    saved(
        COLOURS.convert("CMYK"), "jpeg", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    ),
    saved(COLOURS, "webp"),
    saved(COLOURS, "tiff"),
)
DRAWN = {"prompt": "a house", "seed": 3, "num_inference_steps": 2, "guidance_scale": 4.5, "width": 256, "height": 320}
OPENAI = {"prompt": "a house", "n": 2, "size": "256x256", "model": "dall-e-3", "response_format": "url", "seed": 7}
AUTOMATIC1111 = {
    "prompt": "a (red:1.3) house <lora:x:1>",
    "steps": 4,
    "cfg_scale": 5,
    "width": 256,
    "sampler_name": "Euler",
    "subseed": 3,
    "subseed_strength": 0.3,
    "override_settings": {"sd_model_checkpoint": "owner/model"},
    "init_images": [],
}
PARAMETERS = b"a house\nNegative prompt: fog\nSteps: 4, Sampler: Euler, CFG scale: 4.5, Seed: 3, Size: 64x96"

READERS = {
    "png": Reader(lambda content: read_settings(file(content, "drawn.png")), [png()]),
    "picture": Reader(lambda content: GivenPicture.open(io.BytesIO(content)), PICTURES),
    "mask": Reader(lambda content: GivenPicture.open(io.BytesIO(PICTURES[1]), io.BytesIO(content)), PICTURES[1:]),
    "png-info": Reader(lambda content: picture_info(io.BytesIO(content)), PICTURES),
    "parameters": Reader(lambda content: parse_parameters(content.decode(errors="replace")), [PARAMETERS]),
    "base64": Reader(lambda content: picture_file(content.decode("latin-1"), "image"), [b"data:image/png;base64,AAAA"]),
    "manifest": Reader(
        read_folder("manifest.json"), [(write_files(FOLDER / "seed", IR) / "manifest.json").read_bytes()]
    ),
    **{
        name: Reader(read_folder(path), [spelt(CONFIGURATIONS[name])])
        for name, path in {
            "model_index.json": "model_index.json",
            "transformer/config.json": "transformer/config.json",
            "vae/config.json": "vae_decoder/config.json",
        }.items()
    },
    "tensors": Reader(
        lambda content: read_tensors(file(content, "lora.safetensors")),
        [save({"transformer.proj.lora_A.weight": np.ones((4, 8), np.float32)}, {"format": "pt"})],
    ),
    "draft": Reader(
        lambda content: read_draft(file(content, "draft.pth" if content[:2] == b"PK" else "draft.safetensors"), 32),
        drafts(),
    ),
    "link": Reader(
        lambda content: read_link(content.decode(errors="replace"), MODELS),
        [b"prompt=a+house&seed=7&width=256&height=256&guidance_scale=4.5&model=owner/model&style=Anime"],
    ),
    "page": Reader(read_page, [spelt(DRAWN)]),
    "request": Reader(lambda content: settle(MODELS, fields(content), [{}]), [spelt(DRAWN)]),
    "list": Reader(
        lambda content: read_prompts(content.decode(errors="replace"), 32), [b"{red|blue} house\na {b|c} {d|e}"]
    ),
    "axes": Reader(read_explored, [b"2,4\n1.5, 4.5", b"1..4\n1,2"]),
    "openai": Reader(read_openai, [spelt(OPENAI), spelt({"prompt": "a", "stream": True, "partial_images": 2})]),
    "openai form": Reader(read_openai_form, [b"prompt=a+house&n=2&size=256x256&seed=7&quality=high"]),
    "automatic1111": Reader(read_automatic1111, [spelt(AUTOMATIC1111)]),
    "prompts.txt": Reader(read_prompt_file("txt"), [b"a house\n\na \xe2\x98\x83 boat\r\n"]),
    "prompts.csv": Reader(read_prompt_file("csv"), [b'prompt,seed,width\na house,3,256\n"a, b",,320\n']),
    "prompts.jsonl": Reader(read_prompt_file("jsonl"), [spelt(DRAWN) + b"\n" + spelt({"prompt": "b"})]),
    "update": Reader(read_update, [spelt({"key": "key", "model": "a", "replaced": None})]),
}


def take_or_refuse(name: str, content: bytes) -> None:
    """Give a reader a content. Whatever else it does than to take it, or to refuse it in a sentence, is an error."""
    try:
        READERS[name].read(content)
        return
    except REFUSALS as refusal:
        sentence = str(refusal)
    if "\n" in sentence or len(sentence) > MOST_SAID:
        raise AssertionError(f"This is no short sentence: {sentence[:MOST_SAID]!r}")
