"""The layout of the page. The *_events.py files connect its buttons, theme.py holds its looks."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.model import ModelDescription
from ..domain.parameters import Parameter
from ..domain.picture_parameters import IMAGE, MASK_IMAGE, PICTURE_PARAMETERS
from ..domain.request import BATCH_INDEX
from ..domain.settings import (
    HEIGHT,
    MODEL,
    OF_MODEL,
    PROMPT,
    RANDOMIZE_SEED,
    SEED,
    SETTINGS,
    STYLE,
    WIDTH,
)
from ..jobs.models import Models
from ..jobs.service import GenerationService
from .about import badge, facts, note
from .controls import Controls
from .endpoint import connect_endpoint
from .examples import examples
from .generate_events import connect_generate
from .model_events import connect_models
from .page_blocks import PageBlocks
from .panel_events import connect_panel
from .picture_events import connect_pictures
from .picture_panel import build_panel
from .redraw_events import connect_redrawing
from .restoring import connect_restoring
from .setting_events import connect_settings, shape_choices
from .words import English

CACHE_CHECK, CACHE_AGE = 3600, 86400  # seconds; chosen: delete pictures after a day, look for them every hour
HISTORY_SCRIPT, STATUS_SCRIPT, STATUS_TEMPLATE = (
    Path(__file__).with_name(name) for name in ("history.js", "status.js", "status.html")
)
# Look again whether the model is loaded when the visitor comes back to this tab.
BADGE_SCRIPT = """document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") trigger("input");
});"""
FIRST: tuple[Parameter, ...] = (PROMPT, WIDTH, HEIGHT, SEED)
"""The settings with a place of their own; "More settings" holds all others."""


def build(service: GenerationService, words: English) -> gr.Blocks:
    """Return the page and its `/generate` endpoint, not launched."""
    models = service.models
    first = models.names[0]
    model = models.describe(first)
    parts, controls = SimpleNamespace(), Controls()
    app = PageBlocks(title=words.title, analytics_enabled=False, delete_cache=(CACHE_CHECK, CACHE_AGE))
    with app:
        with gr.Row(elem_id="head"):
            gr.HTML(f"<h1>{words.title}</h1><p>{words.motto}</p>", elem_id="title")
            parts.badge = gr.HTML(
                badge(model, models.device(first), words.one_moment, words), js_on_load=BADGE_SCRIPT, elem_id="badge"
            )
        with gr.Row(elem_id="work"):
            with gr.Column(elem_id="ask", min_width=0):
                _ask(parts, controls, model, words)
            with gr.Column(elem_id="result", min_width=0):
                _result(parts, words)
            with gr.Column(elem_id="settings", min_width=0):
                _settings(parts, controls, models, model, words)
            with gr.Column(elem_id="keep", min_width=0):
                _keep(parts, words)
        with gr.Accordion(words.about, open=False, elem_id="about"):
            parts.facts = gr.HTML(facts(model, models.device(first), words))
        connect_generate(app, parts, controls, service, words)
        connect_endpoint(app, parts, controls, service)
        connect_settings(parts, controls, service, words)
        connect_pictures(parts, controls, service, words)
        connect_models(app, parts, controls, service, words)
        connect_panel(parts, controls, service, words)
        connect_redrawing(parts, controls, service, words)
        connect_restoring(app, parts, controls, service, words)
    app.queue(api_open=False)  # no request bypasses the queue
    return app


def _ask(parts: SimpleNamespace, controls: Controls, model: ModelDescription, words: English) -> None:
    prompt = controls.add(PROMPT, model, words, placeholder=words.placeholder, elem_id=PROMPT.name, autofocus=True)
    with gr.Row(elem_id="go"):
        parts.run = gr.Button(words.generate, variant="primary", scale=3, min_width=120, elem_id="generate")
        parts.stop = gr.Button(words.stop, scale=1, min_width=80, interactive=False, elem_id="stop")
    parts.problem = gr.HTML("", elem_id="problem")
    parts.estimate = gr.HTML("", elem_id="estimate")
    parts.examples = gr.Dataset(
        components=[prompt], samples=examples(model), label=words.examples, type="values", elem_id="examples"
    )
    build_panel(parts, controls, model, words)  # after these, so that Tab leads from the prompt to Generate
    parts.note = gr.HTML(note(model, words), elem_id="note")


def _result(parts: SimpleNamespace, words: English) -> None:
    parts.pictures = gr.Gallery(
        label=words.pictures,
        show_label=False,
        preview=True,
        selected_index=0,
        object_fit="contain",
        buttons=["download", "fullscreen"],
        interactive=False,
        elem_id="pictures",
    )
    parts.status = gr.HTML(
        None,
        html_template=STATUS_TEMPLATE.read_text(encoding="utf-8"),
        js_on_load=STATUS_SCRIPT.read_text(encoding="utf-8"),
        elem_id="status",
    )
    with gr.Row(elem_id="actions"):
        parts.change_this = gr.Button(words.change_this, size="sm", min_width=0)
        parts.larger = gr.Button(words.larger, size="sm", min_width=0)
        parts.fill_here = gr.Button(words.fill_here, size="sm", min_width=0)
        parts.use = gr.Button(words.use, size="sm", min_width=0)
        parts.same_seed = gr.Button(words.same_seed, size="sm", min_width=0)
        parts.compare = gr.Button(words.compare, size="sm", min_width=0)
        parts.link = gr.Button(words.link, size="sm", min_width=0)
    parts.endpoint = gr.Button("/generate", visible=False)
    # Components of its own, where the page's own value is no default for others: its seed is random, its size and steps
    # are of its first model and of no picture. None stands for what suits the request.
    parts.of_endpoint = {RANDOMIZE_SEED.name: gr.Checkbox(False, label=RANDOMIZE_SEED.label, visible=False)}
    parts.of_endpoint |= {each.name: gr.Number(None, label=each.label, visible=False) for each in OF_MODEL}
    parts.of_endpoint |= {each.name: gr.File(label=each.label, visible=False) for each in (IMAGE, MASK_IMAGE)}
    parts.from_browser = gr.Textbox(visible=False)  # what JavaScript sends in place of a control's value
    parts.times = gr.Textbox(label="Times", visible=False)
    parts.selected, parts.pinned = gr.State(0), gr.State(None)
    # The number of finished pictures in the gallery. A component, not a gr.State, so that both travel together.
    parts.finished = gr.Number(0, precision=0, visible=False)
    with gr.Column(visible=False, elem_id="comparison") as parts.comparison:
        parts.slider = gr.ImageSlider(
            label=words.comparison, show_label=False, interactive=False, buttons=["fullscreen"], max_height=620
        )
        parts.captions = gr.HTML("")
        parts.end_compare = gr.Button(words.end_comparison, size="sm")


def _settings(
    parts: SimpleNamespace, controls: Controls, models: Models, model: ModelDescription, words: English
) -> None:
    def add(parameter: Parameter, **changes: Any) -> Any:
        return controls.add(parameter, model, words, **changes)

    names = models.names
    parts.fitted = gr.State(names[0])  # the name of the model that the controls are fitted to
    add(MODEL, choices=names, value=names[0], visible=len(names) > 1, elem_id=MODEL.name)
    parts.shape = gr.Radio(label=words.shape, elem_id="shape", **shape_choices(model, words))
    with gr.Row():
        add(WIDTH, min_width=140)
        add(HEIGHT, min_width=140)
    with gr.Row(elem_id="seeds"):
        add(SEED, min_width=140)
        with gr.Column(min_width=140):
            add(RANDOMIZE_SEED, container=False)
            parts.reuse = gr.Button(words.reuse_seed, size="sm", elem_id="reuse")
    with gr.Group():
        style = add(STYLE)
        effect = words.style_effect(style.value, model.family.has_negative_prompt)
        parts.adds = gr.HTML(effect, elem_id="adds", padding=True)
    with gr.Accordion(words.more_settings, open=False):
        for parameter in SETTINGS:
            if parameter not in (*FIRST, *PICTURE_PARAMETERS):
                add(parameter)
    controls[BATCH_INDEX] = gr.Number(None, visible=False)


def _keep(parts: SimpleNamespace, words: English) -> None:
    parts.history = gr.HTML(
        "",
        html_template=f'<div class="head"><h2>{words.history["title"]}</h2><span class="note"></span>'
        f'<button type="button" class="clear" hidden>{words.history["clear"]}</button></div><div class="strip"></div>',
        js_on_load=f"const words = {json.dumps(words.history)};\n{HISTORY_SCRIPT.read_text(encoding='utf-8')}",
        elem_id="history",
    )
    parts.drop = gr.File(label=words.drop, file_count="single", height=96, elem_id="drop")
