"""A request of OpenAI's images API: its fields, and what they mean here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...domain.parameters import Choice, Parameter, Switch, WholeNumber
from ...domain.picture_parameters import IMAGE, STRENGTH
from ...domain.presets import BALANCED, EXACT, FASTEST, PRESET
from ...domain.problems import Problem
from ...domain.settings import (
    GUIDANCE_SCALE,
    MODEL,
    NEGATIVE_PROMPT,
    NUM_IMAGES,
    NUM_INFERENCE_STEPS,
    PROMPT,
    RANDOMIZE_SEED,
    SEED,
    STYLE,
)
from ...jobs.models import Models
from ..picture_bytes import FORMATS
from ..refused import refused
from .openai_models import URL_NAMES, find_model
from .openai_sizes import find_size

OUTPUT_FORMAT = Choice("output_format", "Format", "output format", "", default="png", choices=FORMATS)
RESPONSE_FORMAT = Choice(
    "response_format", "Response", "response format", "", default=None, choices=("b64_json", "url")
)
STREAM = Switch("stream", "Stream", "stream", "", default=False)
PARTIAL_IMAGES = WholeNumber(
    "partial_images", "Previews", "number of partial images", "", default=0, minimum=0, maximum=3
)
OWN = (OUTPUT_FORMAT, RESPONSE_FORMAT, STREAM, PARTIAL_IMAGES)
TAKEN: Mapping[str, Parameter] = {
    **{each.name: each for each in (PROMPT, NEGATIVE_PROMPT, STYLE, SEED, NUM_INFERENCE_STEPS, GUIDANCE_SCALE)},
    "n": NUM_IMAGES,
    STRENGTH.name: STRENGTH,
    PRESET.name: PRESET,
}
"""What goes to the model as it is, by OpenAI's name."""
QUALITIES = {"low": FASTEST, "medium": BALANCED, "high": EXACT}
"""The presets by OpenAI's qualities. Others, such as "auto", are ignored."""
OPENAI_STYLES = ("vivid", "natural")
_OPENAI_NAMES = {"width": "size", "height": "size", "num_images": "n", "mask_image": "mask"}


@dataclass(frozen=True)
class ImageRequest:
    """`values` are for the service, `ignored` names fields without effect. `previews` is None without a stream."""

    values: Mapping[str, Any]
    ignored: list[str]
    output_format: str
    is_url: bool
    previews: int | None


def read_request(fields: Mapping[str, Any], models: Models, is_strict: bool) -> ImageRequest:
    """Read fields without nulls; `image` and `mask_image` are open files, already in this program's terms.

    Raises:
        Refused: a field that does not reach the service is refused. The service checks the others.
    """
    given = dict(fields)
    pictures = {name: given.pop(name) for name in (IMAGE.name, "mask_image") if name in given}
    own = {parameter.name: given.pop(parameter.name, parameter.default) for parameter in OWN}
    for parameter in OWN:
        value = own[parameter.name]
        if value != parameter.default and (problem := parameter.problem(value)):
            raise refused(problem, parameter.name)
    asked = given.pop("model", None)
    name, ignored_model = find_model(models, asked, is_strict)
    sides, is_other_size = find_size(given.pop("size", None), models.describe(name), bool(pictures))
    values = {TAKEN[field].name: given.pop(field) for field in TAKEN if field in given}
    if given.get("quality") in QUALITIES and PRESET.name not in values:
        values[PRESET.name] = QUALITIES[given.pop("quality")]
    ignored = [*given, *ignored_model, *(["size"] if is_other_size else [])]
    if values.get(STYLE.name) in OPENAI_STYLES:
        ignored.append(STYLE.name)
        del values[STYLE.name]
    if own["stream"] and values.get(NUM_IMAGES.name, 1) != 1:
        raise refused(Problem("one picture", {}), "n")
    if own["stream"] and own["response_format"] == "url":
        ignored.append("response_format")  # a stream has no place for a URL
    is_url = own["response_format"] == "url" or (
        own["response_format"] is None and isinstance(asked, str) and asked.startswith(URL_NAMES)
    )
    seed = {} if SEED.name in values else {RANDOMIZE_SEED.name: True}
    return ImageRequest(
        {**values, **sides, **seed, **pictures, MODEL.name: name},
        ignored,
        own["output_format"],
        is_url,
        own["partial_images"] if own["stream"] else None,
    )


def parse_fields(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a form, which are all text, as JSON would have them. Empty ones count as not given."""
    kinds = {**TAKEN, **{parameter.name: parameter for parameter in OWN}}
    return {name: kinds[name].parse(text) if name in kinds else text for name, text in texts.items() if text}


def openai_name(name: str | None) -> str | None:
    """Return OpenAI's name of a parameter."""
    return None if name is None else _OPENAI_NAMES.get(name, name)
