"""The fold "Explore": a grid over one or two settings."""

import html
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.axes import EXPLORED, Axes, cells, count_cells, read_axes
from ..domain.errors import SanaError
from ..domain.limits import MAX_CELLS
from ..domain.parameters import Parameter
from ..domain.problems import Problem
from ..domain.settings import GUIDANCE_SCALE, MODEL, NUM_INFERENCE_STEPS, SEED
from ..jobs.models import Models
from ..jobs.service import GenerationService
from ..jobs.submitted_request import SubmittedRequest
from .controls import Controls
from .picture_gallery import Arrangement
from .queueing import LATEST
from .words import English

FIELDS = ("first_axis", "first_values", "second_axis", "second_values")
"""The names of the fold's fields among the values of an event."""
NO_AXIS = ""
SEEDS = "1..4"


def build_explore(parts: SimpleNamespace, models: Models, words: English) -> None:
    labels = words.explore
    fields: list[Any] = []
    with gr.Accordion(labels["title"], open=False, elem_id="explore"):
        axes = ((labels["down"], NUM_INFERENCE_STEPS), (labels["across"], SEED))
        for (label, axis), choices in zip(axes, axis_choices(models, words), strict=True):
            with gr.Row():
                fields.append(gr.Dropdown(choices, value=axis.name, label=label, min_width=120))
                example = suggested_values(axis, models, models.names[0])
                fields.append(gr.Textbox(example, label=labels["values"], max_lines=1, min_width=120))
        parts.cells = gr.HTML("", elem_id="cells")
        parts.explore = gr.Button(labels["draw"], size="sm", elem_id="draw-grid")
    parts.grid = dict(zip(FIELDS, fields, strict=True))


def connect_explore(parts: Any, controls: Controls, service: GenerationService) -> None:
    """Let a newly chosen axis bring values that fit it."""

    def suggest(axis: Any, menu: Any) -> str:
        parameter = _parameter(axis)
        return suggested_values(parameter, service.models, service.models.find(menu)) if parameter else ""

    first, first_values, second, second_values = parts.grid.values()
    for axis, values in ((first, first_values), (second, second_values)):
        axis.input(suggest, [axis, controls[MODEL.name]], values, preprocess=False, **LATEST)


def drawing_events(parts: Any) -> list[Any]:
    """Return the events that ask for a grid: its button, and Enter in a field of values."""
    _, first_values, _, second_values = parts.grid.values()
    return [parts.explore.click, first_values.submit, second_values.submit]


def kept_fields(kept: Mapping[str, Any], models: Models) -> dict[str, str]:
    """Return the fold's fields that the browser has kept; none of a store of an earlier version.

    Raises:
        SanaError: the fold cannot hold them, such as a model where there is one only.
    """
    fields = {name: kept[name] for name in FIELDS if name in kept}
    first, _, second, _ = (fields.get(name) for name in FIELDS)
    are_texts = all(isinstance(fields.get(name), str) for name in FIELDS)
    down, across = ([each.name if each else NO_AXIS for each in own] for own in _offered(models))
    if fields and not (are_texts and first in down and second in across):
        raise SanaError(Problem("kept", {}))
    return fields


def axis_choices(models: Models, words: English) -> list[list[tuple[str, str]]]:
    """Return the choices of both axes, as labels with names."""
    none = (words.explore["none"], NO_AXIS)
    return [[(words.label(each), each.name) if each else none for each in own] for own in _offered(models)]


def suggested_values(parameter: Parameter, models: Models, name: str) -> str:
    """Return values for an axis, as a person would write them: fewer and more than the model's default."""
    if parameter is SEED:
        return SEEDS
    if parameter is MODEL:
        return ", ".join(models.names)
    default = models.describe(name).default(parameter)
    low = 1.0 if parameter is GUIDANCE_SCALE else default // 2
    possible = [value for value in (low, default, 2 * default) if not parameter.problem(value)]
    return ",".join(dict.fromkeys(f"{value:g}" for value in possible))


def read_form(fields: Mapping[str, Any], models: Models) -> Axes:
    """Return the axes that the fold's fields describe, which are keyed by FIELDS; raise SanaError."""
    first, first_values, second, second_values = (fields[name] for name in FIELDS)
    given = [(_parameter(first), first_values), (_parameter(second), second_values)]
    written = [(parameter, text) for parameter, text in given if parameter]
    if first == NO_AXIS or second == MODEL.name or not all(isinstance(text, str) for _, text in written):
        raise SanaError(Problem("event kind", {}))
    return read_axes(written, models.names, MAX_CELLS)


def cells_line(service: GenerationService, values: Mapping[str, Any], fields: Mapping[str, Any], words: English) -> str:
    """Return how many pictures the grid has and how long it takes, or why it cannot be drawn, as HTML."""
    try:
        axes = read_form(fields, service.models)
    except SanaError as error:
        return f'<p class="warning">{html.escape(words.error(error))}</p>'
    seconds = service.estimate_grid(values, axes)
    facts = [words.grid_size(count_cells(axes)), *([] if seconds is None else [words.estimate(seconds)])]
    return f"<p>{html.escape(' · '.join(facts))}</p>"


def arrangement(submitted: SubmittedRequest, words: English) -> Arrangement:
    """Return how the pictures of a request are shown: those of a grid as its cells, and its sheet."""
    if submitted.grid is None:
        return Arrangement()
    names = {each.name: words.label(each) for each in EXPLORED}
    labels = [
        ", ".join(f"{names[name]} {value}" for name, value in place.items()) for place in cells(submitted.grid.axes)
    ]
    return Arrangement(submitted.grid.columns, [*labels, words.explore["sheet"]])


def _offered(models: Models) -> tuple[list[Parameter | None], list[Parameter | None]]:
    """Return the settings that each axis may be, None for no axis: models, where there are several, only rows.

    The cells are drawn row by row, and each model is loaded once.
    """
    settings = [each for each in EXPLORED if each is not MODEL]
    return [*settings, *([MODEL] if len(models.names) > 1 else [])], [None, *settings]


def _parameter(axis: object) -> Parameter | None:
    """Return the setting of an axis, None for no axis; raise SanaError for one that is not offered."""
    if axis == NO_AXIS:
        return None
    for parameter in EXPLORED:
        if axis == parameter.name:
            return parameter
    raise SanaError(Problem("event kind", {}))
