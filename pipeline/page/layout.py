"""The page: what it shows and where. What its buttons do stands in events, how it looks in look.py."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from .about import badge, facts, note
from .controls import Controls, options
from .description import Description
from .events import connect_drawing, connect_menu, connect_pictures, connect_settings
from .examples import examples
from .generation import Generation
from .look import STATUS_CSS, STATUS_TEMPLATE
from .models import Models
from .styles import NO_STYLE, describe_style
from .timings import Timings

CACHE_CHECK, CACHE_AGE = 3600, 86400  # seconds: pictures older than a day are deleted, looked for every hour
HISTORY_SCRIPT, WAITING_SCRIPT = (Path(__file__).with_name(name) for name in ("history.js", "waiting.js"))


def build(models: Models, timings: Timings, max_queue: int) -> gr.Blocks:
    """The page and its `/generate` endpoint, not launched; at most `max_queue` requests wait."""
    first = models.names[0]
    model = models.describe(first)
    with gr.Blocks(title="Sana", analytics_enabled=False, delete_cache=(CACHE_CHECK, CACHE_AGE)) as app:
        parts = SimpleNamespace()
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>Sana</h1><p>Describe a picture. It is drawn on this machine.</p>", elem_id="title")
            parts.badge = gr.HTML(badge(model, models.device(first), None), elem_id="badge")
        with gr.Row(elem_id="work"):
            with gr.Column(elem_id="ask", min_width=0):
                prompt = _make(gr.Textbox, "prompt", model, placeholder="What do you want to see?", elem_id="prompt")
                with gr.Row(elem_id="go"):
                    parts.run = gr.Button("Generate", variant="primary", scale=3, min_width=120, elem_id="generate")
                    parts.stop = gr.Button("Stop", scale=1, min_width=80, interactive=False, elem_id="stop")
                parts.problem = gr.HTML("", elem_id="problem")
                parts.estimate = gr.HTML("", elem_id="estimate")
                parts.examples = gr.Dataset(
                    components=[prompt],
                    samples=examples(model.is_miniature),
                    label="Try one of these",
                    type="values",
                    elem_id="examples",
                )
                parts.note = gr.HTML(note(model), elem_id="note")
            with gr.Column(elem_id="result", min_width=0):
                _result(parts)
            with gr.Column(elem_id="settings", min_width=0):
                controls = _settings(prompt, models, model, parts)
            with gr.Column(elem_id="keep", min_width=0):
                _keep(parts)
        with gr.Accordion("What is running", open=False, elem_id="about"):
            parts.facts = gr.HTML(facts(model, models.device(first)))
        generation = Generation(models, timings)
        connect_drawing(app, parts, controls, models, generation, timings)
        connect_settings(app, parts, controls, models, generation)
        connect_pictures(parts, controls, models)
        connect_menu(app, parts, controls, models)
    return app.queue(max_size=max_queue, api_open=False)  # False: no request passes the queue by


def _result(parts: SimpleNamespace) -> None:
    parts.pictures = gr.Gallery(
        label="Pictures",
        show_label=False,
        preview=True,
        selected_index=0,
        object_fit="contain",
        buttons=["download", "fullscreen"],
        interactive=False,
        elem_id="pictures",
    )
    parts.status = gr.HTML(
        "",
        label="Times",
        html_template=STATUS_TEMPLATE,
        css_template=STATUS_CSS,
        js_on_load=WAITING_SCRIPT.read_text(encoding="utf-8"),
        elem_id="status",
    )
    with gr.Row(elem_id="actions"):
        parts.use = gr.Button("Use these settings", size="sm", min_width=0)
        parts.same_seed = gr.Button("Same seed, change this", size="sm", min_width=0)
        parts.compare = gr.Button("Compare", size="sm", min_width=0)
        parts.link = gr.Button("Copy link", size="sm", min_width=0)
    parts.endpoint = gr.Button("/generate", visible=False)
    parts.endpoint_randomize = gr.Checkbox(False, label="Random seed", visible=False)
    parts.selected = gr.State(0)
    parts.pinned = gr.State(None)
    with gr.Column(visible=False, elem_id="comparison") as parts.comparison:
        parts.slider = gr.ImageSlider(
            label="Comparison", show_label=False, interactive=False, buttons=["fullscreen"], max_height=620
        )
        parts.captions = gr.HTML("")
        parts.end_compare = gr.Button("End the comparison", size="sm")


def _settings(prompt: Any, models: Models, model: Description, parts: SimpleNamespace) -> Controls:
    menu = gr.Dropdown(
        models.names, value=models.names[0], label="Model", visible=len(models.names) > 1, elem_id="model"
    )
    parts.shape = _make(gr.Radio, "shape", model, elem_id="shape")
    with gr.Row():
        width = _make(gr.Number, "width", model, min_width=140)
        height = _make(gr.Number, "height", model, min_width=140)
    with gr.Row(elem_id="seeds"):
        seed = _make(gr.Number, "seed", model, min_width=140)
        with gr.Column(min_width=140):
            randomize_seed = _make(gr.Checkbox, "randomize_seed", model, container=False)
            parts.reuse = gr.Button("Reuse last seed", size="sm", elem_id="reuse")
    with gr.Group():
        style = _make(gr.Dropdown, "style", model)
        parts.adds = gr.HTML(describe_style(NO_STYLE, model.family), elem_id="adds", padding=True)
    with gr.Accordion("More settings", open=False):
        steps = _make(gr.Slider, "num_inference_steps", model)
        guidance_scale = _make(gr.Slider, "guidance_scale", model)
        negative_prompt = _make(gr.Textbox, "negative_prompt", model)
        num_images = _make(gr.Slider, "num_images", model)
        binning = _make(gr.Checkbox, "use_resolution_binning", model)
        draft = _make(gr.Checkbox, "draft_decode", model)
    return Controls(
        prompt,
        negative_prompt,
        style,
        width,
        height,
        steps,
        guidance_scale,
        seed,
        randomize_seed,
        num_images,
        menu,
        binning,
        draft,
    )


def _keep(parts: SimpleNamespace) -> None:
    parts.history = gr.HTML(
        "",
        html_template='<div class="head"><h2>History</h2><span class="note"></span>'
        '<button type="button" class="clear" hidden>Clear</button></div><div class="strip"></div>',
        js_on_load=HISTORY_SCRIPT.read_text(encoding="utf-8"),
        elem_id="history",
    )
    parts.drop = gr.File(
        label="Settings from a picture: drop a PNG made here", file_count="single", height=96, elem_id="drop"
    )


def _make(component: Any, name: str, model: Description, **look: object) -> Any:
    return component(**options(name, model), **look)
