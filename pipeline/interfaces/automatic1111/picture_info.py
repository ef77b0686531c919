"""The settings in a PNG, as AUTOMATIC1111 reads them."""

import re
from typing import Any, BinaryIO

from PIL import Image

from ...domain.errors import SettingsError
from ...domain.picture_parameters import IMAGE
from ...domain.problems import Problem
from ...generation.given_picture import open_picture
from ...generation.metadata import PARAMETERS

# An entry begins only at the start and after a comma: looked for at each letter, a long text takes minutes.
_ENTRY = re.compile(r'(?:^|(?<=,))\s*([\w][\w /()-]*):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
NEGATIVE = "Negative prompt: "


def picture_info(file: BinaryIO) -> dict[str, Any]:
    """Return the answer of `png-info`; raise SettingsError if the file is no picture."""
    image = open_picture(file, IMAGE.noun)
    texts = {key: text for key, text in _texts(image).items() if isinstance(key, str) and isinstance(text, str)}
    text = texts.pop(PARAMETERS, "")
    return {"info": text, "items": texts, "parameters": parse_parameters(text)}


def parse_parameters(text: str) -> dict[str, str]:
    """Return the entries of a `parameters` text: the prompts, and what its last line names."""
    *lines, last = text.strip().split("\n")
    entries = {key: _unquoted(value.strip()) for key, value in _ENTRY.findall(last)}
    if len(entries) < 3:  # as AUTOMATIC1111 tells the last line of a prompt from the settings
        lines, entries = [*lines, last], {}
    begin = next((index for index, line in enumerate(lines) if line.startswith(NEGATIVE)), len(lines))
    prompts = {
        "Prompt": "\n".join(lines[:begin]),
        "Negative prompt": "\n".join(lines[begin:]).removeprefix(NEGATIVE),
    }
    return {**prompts, **entries} if text.strip() else {}


def _texts(image: Image.Image) -> dict[Any, Any]:
    try:
        image.load()  # text may stand behind the pixels
    except Exception as error:  # whichever: a decoder raises what it likes for a damaged file
        raise SettingsError(Problem("no picture", {"noun": IMAGE.noun})) from error
    return image.info


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value
