"""Pictures and the settings they carry: PNG text chunks `parameters` (AUTOMATIC1111's form) and `sana` (JSON)."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from .artifacts import Manifest
from .errors import SanaError
from .png import read_text
from .settings import GenerationSettings

PARAMETERS = "parameters"
SANA = "sana"


def describe(settings: GenerationSettings, manifest: Manifest, run: dict[str, str], index: int) -> dict[str, str]:
    """The text chunks of picture `index` (from 0) of a generation, derived from the settings that made it and from
    how it ran: "sampler", "device" and "precision"."""
    record = {
        "settings": dataclasses.asdict(settings),
        "image_index": index,
        "model": {
            "source": manifest.source,
            "revision": manifest.revision,
            "family": manifest.family,
            "compression": manifest.compression,
            "format_version": manifest.format_version,
        },
        **run,
        "tools": manifest.tools,
    }
    return {PARAMETERS: _automatic1111(settings, manifest, run["sampler"]), SANA: json.dumps(record)}


def to_image(pixels: np.ndarray, texts: dict[str, str]) -> Image.Image:
    """A picture of pixels f32 [H, W, 3] in [0, 1], with `texts` in its `.info`."""
    image = Image.fromarray((pixels * 255).round().astype(np.uint8))
    image.info.update(texts)
    return image


def write_png(image: Image.Image, path: Path) -> None:
    """Writes a picture with the text chunks that its `.info` holds; the same picture gives the same bytes."""
    chunks = PngImagePlugin.PngInfo()
    for key in (PARAMETERS, SANA):
        if key in image.info:
            chunks.add_text(key, image.info[key])
    image.save(path, format="PNG", pnginfo=chunks)


def read_metadata(path: str | Path) -> dict[str, Any]:
    """The `sana` record of a PNG, whose pixels are not read; `read_settings` makes settings of it.

    Raises SanaError where there is none.
    """
    path = Path(path)
    try:
        text = read_text(path, SANA)
    except OSError as error:
        raise SanaError(f"{path.name} cannot be read ({error.strerror}), so it holds no settings here.") from error
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise SanaError(f"{path.name} holds no settings of this program.") from error


def read_settings(path: str | Path) -> GenerationSettings:
    """The settings that made a PNG, validated again."""
    try:
        return GenerationSettings(**read_metadata(path)["settings"])
    except (KeyError, TypeError) as error:
        raise SanaError(f"{Path(path).name} holds settings that this version does not know.") from error


def _automatic1111(settings: GenerationSettings, manifest: Manifest, sampler: str) -> str:
    values = {
        "Steps": settings.num_inference_steps,
        "Sampler": sampler,
        "CFG scale": settings.guidance_scale,
        "Seed": settings.seed,
        "Size": f"{settings.width}x{settings.height}",
        "Model": manifest.source,
    }
    lines = [settings.prompt]
    if settings.negative_prompt:
        lines.append(f"Negative prompt: {settings.negative_prompt}")
    lines.append(", ".join(f"{key}: {value}" for key, value in values.items()))
    return "\n".join(lines).replace("\0", "")  # PNG text ends at a zero byte; the JSON record escapes it
