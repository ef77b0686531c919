"""The switch that makes a list of the prompt field: one prompt a line."""

import json
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.settings import PROMPT
from .controls import MAX_LINES, Controls
from .queueing import QUIET
from .words import English

LISTED = "listed"  # the switch, among the values of an event
# With one line, Enter draws; with more, it begins the next one. With as many as at most, Gradio does not fit the field
# to its text at each change. Measured on a busy machine: otherwise 200 lines that come as 400 changes, as from
# Playwright's `fill`, take 6 to 11 s. A paste is one change: one of 1,000 lines takes 2 s.
LINES = {False: (1, MAX_LINES), True: (8, 8)}


def build_switch(parts: SimpleNamespace, words: English) -> None:
    parts.listed = gr.Checkbox(False, label=words.list_switch, container=False, min_width=0, elem_id="list")


def connect_switch(app: gr.Blocks, parts: Any, controls: Controls, words: English) -> None:
    off, on = (json.dumps(_field(is_on, words)) for is_on in (False, True))
    show = f"(on) => {{ window.sanaKept.keepList(on); return on ? {on} : {off}; }}"
    parts.listed.change(None, parts.listed, controls[PROMPT.name], js=show, **QUIET)
    app.load(None, None, parts.listed, js="() => window.sanaKept.isList()", **QUIET)


def _field(is_on: bool, words: English) -> dict[str, Any]:
    """Return the browser's update of the prompt field for a list, or for one prompt."""
    lines, most = LINES[is_on]
    placeholder = words.list_placeholder if is_on else words.placeholder
    return {"__type__": "update", "lines": lines, "max_lines": most, "placeholder": placeholder}
