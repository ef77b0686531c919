"""A grid over settings: "num_inference_steps=2,4 seed=1..4" makes eight cells of each prompt."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..domain.errors import SanaError
from ..domain.settings import PROMPT
from .prompt_lines import COLUMNS

MAX_CELLS = 1000  # of one prompt; chosen: a sheet that can still be looked at
Axes = Mapping[str, Sequence[Any]]


def parse_grid(text: str) -> Axes:
    """Return the values of each axis by parameter name; raise SanaError."""
    axes: dict[str, list[Any]] = {}
    for word in text.split():
        name, sign, values = word.partition("=")
        if not sign or not values or name in axes or name not in COLUMNS or name == PROMPT.name:
            raise SanaError(
                f"--grid has names with values, such as seed=1..4 or num_inference_steps=2,4, not {word!r}."
            )
        axes[name] = [value for part in values.split(",") for value in _values(name, part)]
    count = 1
    for each in axes.values():
        count *= len(each)
    if not 1 <= count <= MAX_CELLS or not axes:
        raise SanaError(f"--grid makes from 1 to {MAX_CELLS} cells of a prompt, not {count if axes else 0}.")
    return axes


def cells(axes: Axes) -> list[dict[str, Any]]:
    """Return the values of each cell, the last axis running fastest; one cell without values if there are no axes."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def _values(name: str, text: str) -> Sequence[Any]:
    if match := re.fullmatch(r"(-?\d{1,10})\.\.(-?\d{1,10})", text, re.ASCII):
        first, last = map(int, match.groups())
        return range(first, min(last, first + MAX_CELLS) + 1)
    return [COLUMNS[name].parse(text)]
