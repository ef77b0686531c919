"""The settings: shapes and sizes, styles, examples, the seed, and links."""

import json
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..controls import Controls, filled
from ..generation import PARAMETERS, Generation
from ..link import read_link
from ..models import Models
from ..shapes import shape_of, shapes
from ..styles import describe_style
from .queueing import QUIET

LINK = (
    f"(...values) => {{ const names = {json.dumps(PARAMETERS)};"
    + """
    const query = new URLSearchParams();
    names.forEach((name, index) => {
        const value = values[index];
        if (name !== "randomize_seed" && value !== "" && value !== null) query.set(name, value);
    });
    const link = `${location.origin}${location.pathname}?${query}`;
    history.replaceState(null, "", link);
    navigator.clipboard?.writeText(link).catch(() => {});
    return "The link to these settings is in the address bar" + (navigator.clipboard ? ", and copied." : ".");
}"""
)


def connect_settings(
    app: gr.Blocks,
    parts: SimpleNamespace,
    controls: Controls,
    models: Models,
    generation: Generation,
) -> None:
    def open_link(request: gr.Request) -> dict[Any, Any]:
        values, problems = read_link(request.query_params, models, generation)
        model = models.describe(values["model"]) if "model" in values else None
        line = "The link is not right in all: " + " ".join(problems) if problems else gr.skip()
        return {**controls.updates(filled(values, model)), parts.status: line}

    def size_of(shape: str, model: str) -> tuple[int, int]:
        description = models.describe(model)
        return shapes(description.defaults, description.native)[shape]

    def shape(width: int, height: int, model: str) -> str | None:
        description = models.describe(model)
        return shape_of(width, height, description.defaults, description.native)

    sizes = [controls.width, controls.height]
    parts.shape.input(size_of, [parts.shape, controls.model], sizes, **QUIET)
    gr.on([each.change for each in sizes], shape, [*sizes, controls.model], parts.shape, preprocess=False, **QUIET)
    gr.on(
        [controls.style.change, controls.model.change],
        lambda style, model: describe_style(style, models.describe(model).family),
        [controls.style, controls.model],
        parts.adds,
        **QUIET,
    )
    parts.examples.click(lambda row: row[0], parts.examples, controls.prompt, **QUIET)
    controls.seed.input(None, None, controls.randomize_seed, js="() => false", **QUIET)
    parts.reuse.click(None, None, controls.randomize_seed, js="() => false", **QUIET)
    app.load(open_link, None, [*controls.inputs, parts.status], **QUIET)
    parts.link.click(None, controls.inputs, parts.status, js=LINK, **QUIET)
