"""Permalinks: the settings of a picture in the page's address, `?prompt=...&seed=...`, by the endpoint's names."""

from collections.abc import Mapping
from typing import Any

from ..errors import SettingsError
from .generation import Generation
from .models import Models
from .styles import find_style

WHOLE = ("width", "height", "num_inference_steps", "seed", "num_images")
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

    def checked(name: str) -> Any:
        key = "num_images_per_prompt" if name == "num_images" else name
        return lambda text: getattr(generation.settings(model, "none", **{key: _number(text, name)}), key)

    attempt("style", lambda text: find_style(text) and text)
    for name in ("prompt", "negative_prompt"):
        attempt(name, checked(name))
    for name in (*WHOLE, "guidance_scale"):
        attempt(name, checked(name))
    for name in ("randomize_seed", "use_resolution_binning"):
        attempt(name, lambda text, name=name: _switch(text, name))
    if "seed" in values:
        values.setdefault("randomize_seed", False)
    return values, problems


def _number(text: str, name: str) -> Any:
    """A number where the setting is one; other text as it is, to be refused by the settings."""
    kind = int if name in WHOLE else float if name == "guidance_scale" else str
    try:
        return kind(text)
    except ValueError:
        return text


def _switch(text: str, name: str) -> bool:
    if text.lower() not in SWITCHES:
        raise SettingsError(f"{name} must be true or false, not {text[:40]!r}.")
    return SWITCHES[text.lower()]
