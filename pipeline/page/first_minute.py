"""What the bundled miniature offers whoever is here for the first time: samples of it, and chips to build a scene."""

import base64
import html
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from ..domain.model import ModelDescription
from ..miniature.vocabulary import BACKGROUND_WORDS, COLOURS, KINDS, PLACES
from .browser_scripts import script
from .words import English

SAMPLES = Path(__file__).with_name("samples")
"""Pictures of `miniature/contact-sheet.png`, made smaller, under the names of their prompts."""


def build_scene(parts: SimpleNamespace, model: ModelDescription, words: English) -> None:
    """Add the chips, of which browser/scene.js makes a prompt."""
    rows = {"thing": KINDS, "colour": COLOURS, "place": [BACKGROUND_WORDS[place][0] for place in PLACES]}
    chips = "".join(_row(words.scene[kind], kind, choices) for kind, choices in rows.items())
    more = f'<button type="button" class="more" disabled>{html.escape(words.scene["more"])}</button>'
    parts.scene = gr.HTML(
        None,
        html_template=f"<details><summary>{html.escape(words.scene['build'])}</summary>{chips}{more}</details>",
        js_on_load=script("scene", words=words.scene),
        elem_id="scene",
        visible=model.is_miniature,
    )


def _row(label: str, kind: str, choices: Iterable[str]) -> str:
    buttons = "".join(f'<button type="button" aria-pressed="false">{each}</button>' for each in choices)
    return f'<div role="group" data-kind="{kind}" aria-label="{html.escape(label)}">{buttons}</div>'


def samples(words: English) -> str:
    """Return the samples as HTML, whose buttons browser/samples.js makes draw their prompts."""
    buttons = "".join(_sample(path, words) for path in sorted(SAMPLES.glob("*.webp")))
    return f'<div class="samples"><p>{html.escape(words.scene["samples"])}</p><div>{buttons}</div></div>'


def _sample(path: Path, words: English) -> str:
    prompt = path.stem.replace("-", " ")
    address = f"data:image/webp;base64,{base64.b64encode(path.read_bytes()).decode()}"
    label = html.escape(words.draws(prompt))
    return (
        f'<button type="button" data-prompt="{prompt}" title="{label}" aria-label="{label}">'
        f'<img src="{address}" alt="{prompt}" width="128" height="128"></button>'
    )
