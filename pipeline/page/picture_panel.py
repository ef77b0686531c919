"""The panel "Start from a picture": a place to give one, and all that shows only when one is there."""

import html
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.model import ModelDescription
from ..domain.parameters import Parameter
from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_BLUR, MASK_GROW, MASK_IMAGE, MASK_INVERT, STRENGTH
from ..domain.problems import SENTENCES, Problem
from .browser_scripts import script
from .controls import Controls
from .words import English

SHARES = (0.25, 0.5)  # of a side, by which the canvas grows
WEBCAM = gr.WebcamOptions(mirror=False)  # a mirrored preview would show another picture than the one taken


def build_panel(parts: Any, controls: Controls, model: ModelDescription, words: English) -> None:
    """Add the panel, closed."""

    def add(parameter: Parameter, **changes: Any) -> Any:
        return controls.add(parameter, model, words, **changes)

    with gr.Accordion(words.start_from_picture, open=False, elem_id="given") as parts.accordion:
        parts.no_encoder = gr.HTML(no_encoder(model, words), elem_id="no-encoder")
        with gr.Column(visible=model.has_vae_encoder, elem_id="panel") as parts.panel:
            parts.picture_problem = gr.HTML("", elem_id="picture-problem")
            add(
                IMAGE,
                show_label=False,
                sources=["upload", "clipboard", "webcam"],
                type="filepath",
                buttons=[],
                height=170,
                placeholder=words.give_picture,
                webcam_options=WEBCAM,
                interactive=True,
                elem_id="picture",
            )
            with gr.Column(visible=False, elem_id="with-picture") as parts.with_picture:
                _with_picture(parts, add, words)
    add(MASK_IMAGE, visible=False)
    parts.given, parts.wanted = gr.State(None), gr.State(None)


def no_encoder(model: ModelDescription, words: English) -> str:
    """Return why a model cannot start from a picture, as HTML, or "" if it can."""
    return "" if model.has_vae_encoder else f"<p>{html.escape(words.problem(Problem('no encoder', {})))}</p>"


def _with_picture(parts: SimpleNamespace, add: Any, words: English) -> None:
    parts.painter = gr.HTML(
        None, html_template=_painter(words.painter), js_on_load=_painter_script(words), elem_id="painter"
    )
    with gr.Column(visible=False, elem_id="mask-settings") as parts.mask_settings:
        with gr.Row():
            add(MASK_GROW, min_width=170)
            add(MASK_BLUR, min_width=170)
        add(MASK_INVERT)
    parts.size_line = gr.HTML("", elem_id="size-line")
    add(STRENGTH)
    parts.kept = gr.HTML("", elem_id="kept")
    add(ENLARGE)
    with gr.Accordion(words.extend, open=False, elem_id="extend"):
        with gr.Row():
            choices = [(label, side) for side, label in words.sides.items()]
            parts.sides = gr.CheckboxGroup(choices, label=words.extend_to, min_width=120)
            shares = [(f"{share:.0%}", share) for share in SHARES]
            parts.share = gr.Radio(shares, value=SHARES[0], label=words.extend_by, min_width=120)
        parts.extend = gr.Button(words.extend, size="sm")
    parts.take_away = gr.Button(words.take_away, size="sm", elem_id="take-away")


def _painter(words: Any) -> str:
    """Return the painter's HTML. It holds no value, so that Gradio never renders it again."""
    texts = {name: html.escape(text) for name, text in words.items()}

    def button(name: str, more: str = "") -> str:
        return f'<button type="button" class="{name}"{more}>{texts[name]}</button>'

    return (
        f'<div class="sheet"><img alt="{texts["picture"]}">'
        f'<canvas role="img" aria-label="{texts["canvas"]}"></canvas></div>'
        f"{button('paint', ' aria-expanded=false')}"
        f'<div class="tools" role="toolbar" aria-label="{texts["tools"]}" hidden>'
        f"{button('brush', ' aria-pressed=true')}{button('eraser', ' aria-pressed=false')}"
        f'<label>{texts["width"]} <input class="width" type="range" min="1" max="30" value="8"></label>'
        f"{button('undo')}{button('clear')}{button('file')}"
        '<input class="chosen" type="file" accept="image/*" hidden></div>'
        '<p class="note" role="alert"></p>'
    )


def _painter_script(words: English) -> str:
    texts = {**words.painter, "other size": words.sentences.get("mask size", SENTENCES["mask size"])}
    return script("mask", words=texts)
