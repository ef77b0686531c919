"""The layout of the page. The *_events.py files connect its buttons, theme.py holds its looks."""

import html
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.model import ModelDescription
from ..domain.parameters import Parameter
from ..domain.picture_parameters import PICTURE_PARAMETERS
from ..domain.presets import PRESET
from ..domain.request import BATCH_INDEX
from ..domain.settings import MODEL, PROMPT, RANDOMIZE_SEED, SEED, SETTINGS, STYLE
from ..domain.size_parameters import HEIGHT, WIDTH
from ..jobs.full_size import FullSize
from ..jobs.models import Models
from ..jobs.service import GenerationService
from .about import badge, facts, note
from .browser_scripts import script
from .controls import Controls, preset_choices, shape_choices
from .endpoint import connect_endpoint
from .examples import examples
from .explore import build_explore, connect_explore
from .first_minute import build_scene
from .full_size_events import build_full_size, connect_full_size
from .generate_events import connect_generate
from .link_events import connect_link
from .list_switch import build_switch, connect_switch
from .live_events import build_live, connect_live
from .model_events import connect_models
from .page_blocks import PageBlocks
from .panel_events import connect_panel
from .picture_events import connect_pictures
from .picture_panel import build_panel
from .prompt_line import build_prompt_line, connect_prompt_line
from .redraw_events import connect_redrawing
from .restoring import connect_restoring
from .result_panel import build_history, build_result
from .setting_events import connect_settings
from .undo_events import connect_undo
from .waiting_list import build_waiting
from .words import English

CACHE_CHECK, CACHE_AGE = 3600, 86400  # seconds; chosen: delete pictures after a day, look for them every hour
# Look again whether the model is loaded when the visitor comes back to this tab.
BADGE_SCRIPT = """document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") trigger("input");
});"""
FIRST: tuple[Parameter, ...] = (PROMPT, WIDTH, HEIGHT, SEED)
"""The settings with a place of their own; "More settings" holds all others."""


def build(service: GenerationService, words: English, full_size: FullSize | None = None) -> gr.Blocks:
    """Return the page and its `/generate` endpoint, not launched. With `full_size`, it offers to make that model."""
    models = service.models
    first = models.names[0]
    model = models.describe(first)
    parts, controls = SimpleNamespace(), Controls()
    app = PageBlocks(words, title=words.title, analytics_enabled=False, delete_cache=(CACHE_CHECK, CACHE_AGE))
    with app:
        with gr.Row(elem_id="head"):
            keys = script("prompt_history", "keyboard", "link", words=words.gallery)
            gr.HTML(f"<h1>{words.title}</h1><p>{words.motto}</p>", js_on_load=keys, elem_id="title")
            parts.badge = gr.HTML(
                badge(model, models.device(first), words.one_moment, words), js_on_load=BADGE_SCRIPT, elem_id="badge"
            )
        with gr.Row(elem_id="work"):
            with gr.Column(elem_id="ask", min_width=0):
                _ask(parts, controls, model, full_size, words)
            with gr.Column(elem_id="result", min_width=0):
                build_result(parts, model, words)
            with gr.Column(elem_id="settings", min_width=0):
                _settings(parts, controls, models, model, words)
            with gr.Column(elem_id="keep", min_width=0):
                build_history(parts, words)
        with gr.Accordion(words.about, open=False, elem_id="about"):
            parts.facts = gr.HTML(facts(model, models.device(first), words))
        # First: a change is kept before the server is asked about it, which may not answer.
        connect_restoring(app, parts, controls, service, words)
        connect_generate(app, parts, controls, service, words)
        connect_live(app, parts, controls, service, words)
        connect_explore(parts, controls, service)
        connect_endpoint(app, parts, controls, service)
        connect_switch(app, parts, controls, words)
        connect_prompt_line(app, parts, controls, service, words)
        connect_settings(parts, controls, service, words)
        connect_pictures(parts, controls, service, words)
        connect_models(app, parts, controls, service, words)
        if full_size:
            connect_full_size(app, parts, controls, service, full_size, words)
        connect_panel(parts, controls, service, words)
        connect_redrawing(parts, controls, service, words)
        connect_undo(parts, controls, service, words)
        connect_link(parts, controls, service, words)
    app.api_open = False  # no request bypasses the queue
    return app


def _ask(
    parts: SimpleNamespace, controls: Controls, model: ModelDescription, full_size: FullSize | None, words: English
) -> None:
    build_switch(parts, words)  # before the prompt, so that Tab leads from there to Generate
    prompt = controls.add(PROMPT, model, words, placeholder=words.placeholder, elem_id=PROMPT.name, autofocus=True)
    build_prompt_line(parts)
    with gr.Row(elem_id="go"):
        parts.run = gr.Button(words.generate, variant="primary", scale=3, min_width=120, elem_id="generate")
        parts.stop = gr.Button(words.stop, scale=1, min_width=80, interactive=False, elem_id="stop")
    build_waiting(parts, words)
    parts.problem = gr.HTML("", elem_id="problem")
    parts.undo = gr.Button(words.undo, size="sm", visible=False, elem_id="undo")
    parts.before = gr.State(None)
    with gr.Row(elem_id="timing"):
        parts.estimate = gr.HTML("", elem_id="estimate")
        parts.live = build_live(words)
    parts.examples = gr.Dataset(
        components=[prompt], samples=examples(model), label=words.examples, type="values", elem_id="examples"
    )
    build_scene(parts, model, words)
    build_panel(parts, controls, model, words)  # after these, so that Tab leads from the prompt to Generate
    parts.note = gr.HTML(note(model, words), elem_id="note")
    build_full_size(parts, full_size, words)
    choices = "".join(f'<option value="{value}">{html.escape(text)}</option>' for value, text in words.calls.items())
    gr.HTML(
        None,
        html_template=f"<label>{html.escape(words.call)} <select>{choices}</select></label>",
        js_on_load=script("attention", words=words.called),
        elem_id="call",
    )


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
    parts.preset = gr.Radio(label=words.label(PRESET), elem_id="preset", **preset_choices(model, words))
    with gr.Row(elem_id="seeds"):
        add(SEED, min_width=140)
        with gr.Column(min_width=140):
            add(RANDOMIZE_SEED, container=False)
            parts.reuse = gr.Button(words.reuse_seed, size="sm", elem_id="reuse")
    with gr.Group(visible=model.takes_styles) as parts.styles:
        style = add(STYLE)
        effect = words.style_effect(style.value, model.family.has_negative_prompt)
        parts.adds = gr.HTML(effect, elem_id="adds", padding=True)
    with gr.Accordion(words.more_settings, open=False):
        for parameter in SETTINGS:
            if parameter not in (*FIRST, *PICTURE_PARAMETERS):
                add(parameter)
    build_explore(parts, models, words)
    controls[BATCH_INDEX] = gr.Number(None, visible=False)
