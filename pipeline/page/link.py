"""Permalinks: the settings of a picture in the page's address, `?prompt=...&seed=...`, by the endpoint's names."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..errors import SettingsError
from ..settings import check_switch
from .generation import Generation
from .models import Models
from .styles import find_style

WHOLE = ("width", "height", "num_inference_steps", "seed", "num_images")
TEXTS = ("prompt", "negative_prompt")
SWITCHES = {"true": True, "1": True, "false": False, "0": False}


def read_link(query: Mapping[str, str], models: Models, generation: Generation) -> tuple[dict[str, Any], list[str]]:
    """The values that an address gives to controls, by name, and a sentence for each that it cannot."""
    values: dict[str, Any] = {}
    problems: list[str] = []

    def attempt(name: str, parse: Any) -> None:
        if name in query:
            try:
                values[name] = parse(query[name])
            except SettingsError as error:
                problems.append(str(error))

    attempt("model", models.check)
    model = values.get("model", models.names[0])

    def checked(text: str, name: str) -> Any:
        value = _value(text, name)
        generation.settings(model, "none", **{name: value})
        return value

    attempt("style", lambda text: find_style(text) and text)
    attempt("randomize_seed", lambda text: check_switch("randomize_seed", _value(text, "randomize_seed")))
    for name in (*TEXTS, *WHOLE, "guidance_scale", "use_resolution_binning", "draft_decode"):
        attempt(name, partial(checked, name=name))
    if "seed" in values:
        values.setdefault("randomize_seed", False)
    return values, problems


def _value(text: str, name: str) -> Any:
    """A number or a switch where the setting is one; other text as it is, to be refused by the settings."""
    try:
        if name in WHOLE:
            return int(text)
        if name == "guidance_scale":
            return float(text)
    except ValueError:
        return text
    return text if name in TEXTS else SWITCHES.get(text.lower(), text)
