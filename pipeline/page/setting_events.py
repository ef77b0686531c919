"""The events of the settings: shapes and sizes, styles, examples, the seed, and links."""

import json
from typing import Any

import gradio as gr

from ..domain.model import ModelDescription
from ..domain.request import BATCH_INDEX
from ..domain.resolutions import shape_of, shapes
from ..domain.settings import HEIGHT, MODEL, NUM_IMAGES, PROMPT, RANDOM_SEED, RANDOMIZE_SEED, SEED, STYLE, WIDTH
from ..domain.styles import NO_STYLE
from ..jobs.service import GenerationService
from .controls import Controls
from .link import LINKED
from .queueing import QUIET
from .status import Status
from .words import English


def connect_settings(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models = service.models

    def size_of(shape: str | None, model: str | None) -> Any:
        offered = shapes(models.describe(models.find(model)))
        return offered[shape] if shape in offered else (gr.skip(), gr.skip())

    def shape(width: object, height: object, model: object) -> str | None:
        return shape_of(width, height, models.describe(models.find(model)))

    def effect(style: str | None, model: str | None) -> str:
        has_negative_prompt = models.describe(models.find(model)).family.has_negative_prompt
        return words.style_effect(style or NO_STYLE, has_negative_prompt)

    def example(row: list[str] | None) -> Any:
        return row[0] if row else gr.skip()

    menu, sizes = controls[MODEL.name], [controls[WIDTH.name], controls[HEIGHT.name]]
    parts.shape.input(size_of, [parts.shape, menu], sizes, **QUIET)
    gr.on([each.change for each in sizes], shape, [*sizes, menu], parts.shape, preprocess=False, **QUIET)
    style = controls[STYLE.name]
    gr.on([style.change, menu.change], effect, [style, menu], parts.adds, **QUIET)
    parts.examples.click(example, parts.examples, controls[PROMPT.name], **QUIET)
    seed, randomize_seed = controls[SEED.name], controls[RANDOMIZE_SEED.name]
    seed.input(None, seed, randomize_seed, js=f"seed => seed === {RANDOM_SEED}", **QUIET)
    parts.reuse.click(None, None, randomize_seed, js="() => false", **QUIET)
    # With another seed or number of pictures, the picture of an earlier version no longer applies.
    drawn_together = controls[BATCH_INDEX]
    changes = [each.input for each in (seed, randomize_seed, controls[NUM_IMAGES.name])]
    gr.on(changes, None, None, drawn_together, js="() => null", **QUIET)
    linked = [controls[parameter.name] for parameter in LINKED]
    parts.link.click(None, linked, parts.status, js=_link_script(words), **QUIET)


def shape_choices(model: ModelDescription, words: English) -> dict[str, Any]:
    """Return the properties of the shape control: a model's shapes, and the one of its default size."""
    width, height = (model.default(side) for side in (WIDTH, HEIGHT))
    choices = [(words.key_label(name, name), name) for name in shapes(model)]
    return {"choices": choices, "value": shape_of(width, height, model)}


def _link_script(words: English) -> str:
    """Return JavaScript that writes a link to the values, in the order of LINKED, and returns a status."""
    names = json.dumps([parameter.name for parameter in LINKED])
    said = json.dumps([Status("note", line).record() for line in (words.linked, words.linked_and_copied)])
    return f"""(...values) => {{
    const query = new URLSearchParams();
    {names}.forEach((name, index) => {{
        const value = values[index];
        if (value !== "" && value !== null) query.set(name, value);
    }});
    const link = `${{location.origin}}${{location.pathname}}?${{query}}`;
    history.replaceState(null, "", link);
    navigator.clipboard?.writeText(link).catch(() => {{}});
    return {said}[navigator.clipboard ? 1 : 0];
}}"""
