"""What the bundled miniature offers whoever is here for the first time: samples of it, and a way to build a scene."""

import base64
import html
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from ..domain.model import ModelDescription
from ..miniature.kinds import COLOURS, KINDS
from ..miniature.vocabulary import BACKGROUND_WORDS, PLACES
from .browser_scripts import script
from .words import English

SAMPLES = Path(__file__).with_name("samples")
"""Pictures of `miniature/contact-sheet.png`, made smaller, under the names of their prompts."""


def build_scene(parts: SimpleNamespace, model: ModelDescription, words: English) -> None:
    """Add the menu of things, and the chips. browser/scene.js makes a prompt of them."""
    rows = {"colour": COLOURS, "place": [BACKGROUND_WORDS[place][0] for place in PLACES]}
    chips = "".join(_row(words.scene[kind], kind, choices) for kind, choices in rows.items())
    more = f'<button type="button" class="more" disabled>{html.escape(words.scene["more"])}</button>'
    parts.scene = gr.HTML(
        None,
        html_template=f"<details><summary>{html.escape(words.scene['build'])}</summary>{_menu(words)}{chips}{more}</details>",
        js_on_load=script("scene", words=words.scene),
        elem_id="scene",
        visible=model.is_miniature,
    )


def _menu(words: English) -> str:
    groups = f'<option value="">{html.escape(words.scene["none"])}</option>'
    for home, label in words.homes.items():
        names = sorted(kind.name for kind in KINDS if kind.offered and kind.home == home)
        options = "".join(f"<option>{name}</option>" for name in names)
        groups += f'<optgroup label="{html.escape(label)}">{options}</optgroup>'
    return f"<label>{html.escape(words.scene['thing'])} <select>{groups}</select></label>"


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
