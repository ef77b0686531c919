"""The right side of the page: the pictures, the status, what can be done with a picture, and the history."""

import html
from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from ..domain.model import ModelDescription
from ..domain.picture_parameters import IMAGE, MASK_IMAGE
from ..domain.presets import PRESET
from ..domain.settings import OF_MODEL, RANDOMIZE_SEED
from .browser_scripts import script
from .first_minute import samples
from .words import English

HISTORY_SCRIPTS = ("store_opening", "picture_store", "thumbnail", "zip", "handing", "history")
STATUS_TEMPLATE = Path(__file__).with_name("status.html")


def build_result(parts: SimpleNamespace, model: ModelDescription, words: English) -> None:
    texts = {name: html.escape(text) for name, text in words.gallery.items()}
    parts.pictures = gr.HTML(
        None,
        html_template=_stage(texts, samples(words) if model.is_miniature else ""),
        js_on_load=script(
            "png_record", "toast", "share", "large_view", "finished", "stage", "samples", words=words.gallery
        ),
        elem_id="pictures",
    )
    parts.status = gr.HTML(
        None,
        html_template=STATUS_TEMPLATE.read_text(encoding="utf-8"),
        js_on_load=script("bringing", "status", "phone_bar", words={}),
        elem_id="status",
    )
    with gr.Row(elem_id="actions"):
        names = ("change_this", "larger", "fill_here", "use", "same_seed", "vary", "vary_subtly", "vary_strongly")
        for name in names:
            label = getattr(words, name)
            setattr(parts, name, gr.Button(label, size="sm", min_width=0, elem_id=name.replace("_", "-")))
        compare = gr.Button(words.compare, size="sm", min_width=0)
        compare.click(None, None, None, js="() => window.sana.compareChosen()", queue=False, api_visibility="private")
        parts.link = gr.Button(words.link, size="sm", min_width=0)
    parts.query = gr.Textbox("", visible=False)  # of the link, for the browser to copy
    gr.HTML(None, html_template=_comparison(texts), js_on_load=script("comparison", words=words.gallery))
    _endpoint(parts)


def build_history(parts: SimpleNamespace, words: English) -> None:
    texts = {name: html.escape(text) for name, text in words.gallery.items()}
    parts.history = gr.HTML(
        None,
        html_template=_history(texts),
        js_on_load=script(*HISTORY_SCRIPTS, words=words.gallery),
        elem_id="history",
    )
    parts.drop = gr.File(label=words.drop, file_count="single", height=96, elem_id="drop")
    parts.start = gr.File(label=words.start_from_picture, file_count="single", elem_id="start")


def _endpoint(parts: SimpleNamespace) -> None:
    """Add the components of `/generate` that nobody sees.

    They are its own where the page's value is no default for others: the page's seed is random, its size and steps are
    of its first model and of no picture. None stands for what suits the request.
    """
    parts.endpoint = gr.Button("/generate", visible=False)
    parts.of_endpoint = {RANDOMIZE_SEED.name: gr.Checkbox(False, label=RANDOMIZE_SEED.label, visible=False)}
    parts.of_endpoint |= {each.name: gr.Number(None, label=each.label, visible=False) for each in OF_MODEL}
    parts.of_endpoint |= {PRESET.name: gr.Textbox(PRESET.default, label=PRESET.label, visible=False)}
    parts.of_endpoint |= {each.name: gr.File(label=each.label, visible=False) for each in (IMAGE, MASK_IMAGE)}
    parts.gallery = gr.Gallery(label="Pictures", visible=False)
    parts.from_browser = gr.Textbox(visible=False)  # what JavaScript sends in place of a control's value
    parts.times = gr.Textbox(label="Times", visible=False)


def _stage(texts: dict[str, str], below: str) -> str:
    def name(key: str) -> str:
        return f'aria-label="{texts[key]}" title="{texts[key]}"'

    return (
        f'<div class="empty"><p>{texts["none yet"]}</p>{below}</div>'
        f'<div class="tiles" role="group" aria-label="{texts["pictures"]}"></div>'
        f'<div class="corner" hidden><button type="button" class="share" {name("share")} hidden></button>'
        f'<a class="download" {name("download")}></a>'
        f'<button type="button" class="fullscreen" {name("fullscreen")}></button></div>'
    )


def _comparison(texts: dict[str, str]) -> str:
    return (
        f'<section id="comparison" aria-label="{texts["comparison"]}" hidden><div class="sheet">'
        f'<input type="range" min="0" max="100" value="50" aria-label="{texts["slider"]}"></div>'
        '<div class="captions"><span></span><span></span></div>'
        f'<button type="button" class="end">{texts["end comparison"]}</button></section>'
    )


def _history(texts: dict[str, str]) -> str:
    def button(name: str, more: str = "") -> str:
        return f'<button type="button" class="{name}"{more}>{texts[name]}</button>'

    search = f'aria-label="{texts["search"]}" placeholder="{texts["search"]}"'
    return (
        f'<div class="head"><h2>{texts["history"]}</h2><span class="note" role="status"></span></div>'
        f'<div class="tools" hidden><input type="search" dir="auto" {search}>'
        f"{button('starred', ' aria-pressed=false')}{button('all')}{button('clear')}</div>"
        f'<div class="strip"></div>{button("more", " hidden")}'
    )
