"""Permalinks: settings in the page's address by parameter name, `?prompt=...&seed=...`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..domain.model import ModelDescription
from ..domain.picture_parameters import PICTURE_PARAMETERS
from ..domain.problems import Problem
from ..domain.repetition import repeated
from ..domain.request import Request
from ..domain.settings import (
    MODEL,
    NEGATIVE_PROMPT,
    PARAMETERS,
    PROMPT,
    RANDOM_SEED,
    RANDOMIZE_SEED,
    SEED,
    STYLE,
)
from ..domain.styles import NO_STYLE, apply_style
from ..jobs.models import Models

LINKED = tuple(each for each in PARAMETERS if each not in (RANDOMIZE_SEED, *PICTURE_PARAMETERS))
"""What a link can hold: all but pictures, and what belongs to one."""


def read_link(query: str, models: Models) -> tuple[dict[str, Any], list[Problem]]:
    """Return the valid values of a link's query by parameter name, and the problems of the others."""
    pairs = parse_qsl(query, keep_blank_values=True)
    texts, twice = dict(pairs), repeated(name for name, _ in pairs)
    given = [each for each in (*LINKED, RANDOMIZE_SEED) if each.name in texts]
    values, problems = checked_values(
        {each.name: each.parse(texts[each.name]) for each in given if each.name not in twice}, models
    )
    if values.get(SEED.name) == RANDOM_SEED:
        del values[SEED.name]
        values[RANDOMIZE_SEED.name] = True
    if SEED.name in values:
        values.setdefault(RANDOMIZE_SEED.name, False)
    return values, [Problem("given twice", {"noun": each.noun}) for each in given if each.name in twice] + problems


def checked_values(given: Mapping[str, Any], models: Models) -> tuple[dict[str, Any], list[Problem]]:
    """Return the valid ones of some values by parameter name, normalised, and the problems of the others."""
    known = (each for each in (*LINKED, RANDOMIZE_SEED) if each.name in given)
    values = {each.name: each.normalize(given[each.name]) for each in known}
    problems: dict[str, Problem] = {}
    if problem := models.problem(values.get(MODEL.name)):
        problems[MODEL.name] = problem
        del values[MODEL.name]
    if MODEL.name in values:
        values[MODEL.name] = models.find(values[MODEL.name])
    model = models.describe(models.find(values.get(MODEL.name)))
    own = {name: value for name, value in values.items() if name != RANDOMIZE_SEED.name}
    problems |= {name: each for name, each in Request(model, own).problems().items() if name in own}
    if RANDOMIZE_SEED.name in values and (problem := RANDOMIZE_SEED.problem(values[RANDOMIZE_SEED.name])):
        problems[RANDOMIZE_SEED.name] = problem
    right = {name: value for name, value in values.items() if name not in problems}
    return right if model.takes_styles else _spelt_out(right, model), list(problems.values())


def _spelt_out(values: Mapping[str, Any], model: ModelDescription) -> dict[str, Any]:
    """Return the values with the words of the style in the prompts, for a model that is offered no styles."""
    style = values.get(STYLE.name, NO_STYLE)
    if style == NO_STYLE:
        return {**values}
    prompt, negative_prompt = values.get(PROMPT.name, ""), values.get(NEGATIVE_PROMPT.name, "")
    prompt, negative_prompt = apply_style(style, prompt, negative_prompt, model.family)
    return {**values, STYLE.name: NO_STYLE, PROMPT.name: prompt, NEGATIVE_PROMPT.name: negative_prompt}


def write_link(values: Mapping[str, Any]) -> str:
    """Return the query of a link to values by parameter name; `read_link` reads it. Empty fields are left out."""
    given = {each.name: values.get(each.name) for each in LINKED}
    texts = {name: _spelt(value) for name, value in given.items() if isinstance(value, str | int | float)}
    return urlencode({name: text for name, text in texts.items() if text}, errors="replace")


def _spelt(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
