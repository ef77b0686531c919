"""The axes of a grid: "2,4" and "1..4" are the values of two settings, of which each pair is a cell."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import SettingsError
from .parameters import Parameter
from .problems import Problem
from .settings import GUIDANCE_SCALE, MODEL, NUM_INFERENCE_STEPS, SEED

Axes = Mapping[str, Sequence[Any]]
"""The values of each axis by parameter name. The last axis runs fastest."""
EXPLORED = (NUM_INFERENCE_STEPS, GUIDANCE_SCALE, SEED, MODEL)
"""The settings that the page offers as axes."""
_RANGE = re.compile(r"(-?\d{1,10})\.\.(-?\d{1,10})", re.ASCII)


Pieces = Sequence[Sequence[Any]]
"""The values of an axis in pieces: a long range is counted before it is spelt out."""


def parse_values(parameter: Parameter, text: str) -> Pieces:
    """Return the values of an axis, in pieces; `Parameter.problem` has not checked them."""
    return [_piece(parameter, part.strip()) for part in text.split(",")]


def spelt_out(pieces: Mapping[str, Pieces], most: int) -> Axes:
    """Return axes of their pieces; raise SettingsError if they have more than `most` cells."""
    count = math.prod(max(1, sum(map(len, own))) for own in pieces.values())  # an empty one makes no range short
    if count > most:
        raise SettingsError(Problem("cells", {"count": count, "maximum": most}))
    return {name: list(itertools.chain(*own)) for name, own in pieces.items()}


def cells(axes: Axes) -> list[dict[str, Any]]:
    """Return the values of each cell; one cell without values if there are no axes."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def count_cells(axes: Axes) -> int:
    return math.prod(len(values) for values in axes.values())


def place_text(place: Mapping[str, Any]) -> str:
    """Return the place of a cell as text, such as "num_inference_steps=2 seed=1"."""
    return " ".join(f"{name}={value}" for name, value in place.items())


def read_axes(written: Sequence[tuple[Parameter, str]], models: Sequence[str], most: int) -> Axes:
    """Return the axes that a person has written.

    `models` are the names of the menu, `most` is the number of cells that are allowed.

    Raises:
        SettingsError: an axis is there twice or empty, a value is not possible or there twice, or there are too many.
    """
    pieces: dict[str, Pieces] = {}
    for parameter, text in written:
        if parameter.name in pieces:
            raise SettingsError(Problem("axis twice", {"noun": parameter.noun}))
        plain = text.replace("，", ",")  # as a Chinese keyboard writes it
        pieces[parameter.name] = parse_values(parameter, plain) if plain.strip() else []
    parameters = {parameter.name: parameter for parameter, _ in written}
    axes = spelt_out(pieces, most)
    return {name: _checked(parameters[name], values, models) for name, values in axes.items()}


def _checked(parameter: Parameter, values: Sequence[Any], models: Sequence[str]) -> list[Any]:
    if not values:
        raise SettingsError(Problem("no values", {"noun": parameter.noun}))
    limits = {"choices": tuple(models)} if parameter is MODEL else {}
    checked: list[Any] = []
    for value in map(parameter.normalize, values):
        if problem := parameter.problem(value, **limits):
            raise SettingsError(problem)
        if value in checked:
            raise SettingsError(Problem("value twice", {"noun": parameter.noun, "value": value}))
        checked.append(value)
    return checked


def _piece(parameter: Parameter, text: str) -> Sequence[Any]:
    if match := _RANGE.fullmatch(text):
        first, last = map(int, match.groups())
        if first <= last:
            return range(first, last + 1)
    return [parameter.parse(text)]
