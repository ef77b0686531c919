"""The record of a picture, in two PNG text chunks: `parameters` (in AUTOMATIC1111's format) and `sana` (JSON)."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, PngImagePlugin

from ..domain.axes import Axes
from ..domain.errors import SanaError
from ..domain.json_text import json_object
from ..domain.model import ModelDescription
from ..domain.picture_parameters import PICTURE_PARAMETERS
from ..domain.problems import Problem
from ..domain.schedule_parameters import SCHEDULE_PARAMETERS
from ..domain.settings import GenerationSettings
from ..domain.variation_parameters import VARIATION_PARAMETERS
from ..model_folder.manifest import FORMAT_VERSION
from .png import read_text

_OF_PICTURES = {parameter.setting for parameter in PICTURE_PARAMETERS}
_OF_SCHEDULES = {parameter.setting for parameter in SCHEDULE_PARAMETERS}
_OF_VARIATIONS = {parameter.setting: parameter.default for parameter in VARIATION_PARAMETERS}
PARAMETERS = "parameters"
SANA = "sana"
GRID = "grid"  # in the record of a sheet: the values of each axis by parameter name
COMPRESSION_LEVEL = 3  # of zlib's 9; chosen: 6, the default, takes twice as long for a file smaller by a seventh


def describe(
    settings: GenerationSettings, model: ModelDescription, run: Mapping[str, str], tools: Mapping[str, str]
) -> dict[str, str]:
    """Return the text chunks of one picture, by keyword.

    `settings` are those that draw this picture alone. `run` holds "sampler", "device" and "precision", and of a CPU
    its "instruction_set". `tools` are the versions of the packages that made the model's folder.
    """
    values = dataclasses.asdict(settings)
    if settings.image_sha256 is None:  # earlier versions read the others
        values = {name: value for name, value in values.items() if name not in _OF_PICTURES}
    values = {name: value for name, value in values.items() if name not in _OF_SCHEDULES or value is not None}
    if _OF_VARIATIONS.items() <= values.items():  # likewise
        values = {name: value for name, value in values.items() if name not in _OF_VARIATIONS}
    record = {
        # A batch index belongs to a picture of an earlier version, which drew all pictures of a request as one batch.
        "image_index": values.pop("batch_index") or 0,
        "model": {
            "source": model.source,
            "revision": model.revision,
            "family": model.family.name,
            "compression": model.compression,
            "format_version": FORMAT_VERSION,
            **({"loras": [dataclasses.asdict(lora) for lora in model.loras]} if model.loras else {}),
        },
        **run,
        "tools": tools,
    }
    texts = _automatic1111(settings, model, run["sampler"])
    return {PARAMETERS: texts, SANA: json.dumps({"settings": values, **record})}


def describe_sheet(first: Image.Image, axes: Axes) -> dict[str, str]:
    """Return the text chunk of the sheet of a grid, by keyword: the record of its first picture, and the axes."""
    record = json.loads(first.info[SANA])
    return {SANA: json.dumps({**record, GRID: {name: list(values) for name, values in axes.items()}})}


def to_image(pixels: np.ndarray, texts: dict[str, str]) -> Image.Image:
    """Return the picture of pixels f32 [H, W, 3] in [0, 1], with `texts` in its `.info`."""
    image = Image.fromarray((pixels * 255).round().astype(np.uint8))
    image.info.update(texts)
    return image


def write_png(image: Image.Image, path: Path | BinaryIO) -> None:
    """Write a picture with the text chunks in its `.info`. The same picture always gives the same bytes."""
    chunks = PngImagePlugin.PngInfo()
    for key in (PARAMETERS, SANA):
        if key in image.info:
            chunks.add_text(key, image.info[key])
    image.save(path, format="PNG", pnginfo=chunks, compress_level=COMPRESSION_LEVEL)


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Return the `sana` record of a PNG, without reading its pixels.

    Raises:
        SanaError: the file cannot be read, is no PNG, or holds no such record.
    """
    path = Path(path)
    try:
        text = read_text(path, SANA)
    except OSError as error:
        raise SanaError(Problem("unreadable", {"file": path.name, "reason": error.strerror})) from error
    try:
        return json_object(text or "")
    except ValueError as error:
        raise SanaError(Problem("no record", {"file": path.name})) from error


def read_settings(path: str | Path) -> GenerationSettings:
    """Return the settings that draw the picture of a PNG alone. They are validated like any input.

    Raises:
        SanaError: as `read_metadata`, or the record holds no valid settings.
    """
    return settings_of(read_metadata(path), Path(path).name)


def settings_of(record: Mapping[str, Any], file: str) -> GenerationSettings:
    """Return the settings in a `sana` record; raise SanaError, naming `file`, if they are not valid, or of a sheet."""
    if GRID in record:
        raise SanaError(Problem("sheet", {"file": file}))
    try:
        values = dict(record["settings"])
        if values.get("num_images_per_prompt", 1) != 1:
            values["batch_index"] = record["image_index"]
        return GenerationSettings(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise SanaError(Problem("unknown record", {"file": file})) from error


def _automatic1111(settings: GenerationSettings, model: ModelDescription, sampler: str) -> str:
    values = {
        "Steps": settings.num_inference_steps,
        "Sampler": sampler,
        "CFG scale": settings.guidance_scale,
        "Seed": settings.seed,
        "Size": f"{settings.width}x{settings.height}",
        "Model": model.source,
    }
    if settings.variation_strength:
        values |= {"Variation seed": settings.variation_seed, "Variation seed strength": settings.variation_strength}
    if model.loras:
        values["Lora hashes"] = ", ".join(f"{lora.name}: {lora.sha256[:12]}" for lora in model.loras)
    if settings.image_sha256:
        values["Denoising strength"] = settings.strength
    if settings.mask_sha256:
        values["Mask blur"] = settings.mask_blur
    lines = [settings.prompt]
    if settings.negative_prompt:
        lines.append(f"Negative prompt: {settings.negative_prompt}")
    lines.append(", ".join(f"{key}: {_quoted(str(value))}" for key, value in values.items()))
    return "\n".join(lines).replace("\0", "")  # a zero byte would end the PNG text; the JSON record escapes it


def _quoted(value: str) -> str:
    """Return a value as AUTOMATIC1111 writes it: as a JSON string if it holds characters that separate entries."""
    if value.isprintable() and value == value.strip() and not set(value) & set(',:"\\'):
        return value
    # ASCII only if there are unprintable characters: some of them, such as U+2028, would end the line.
    return json.dumps(value, ensure_ascii=not value.isprintable())
