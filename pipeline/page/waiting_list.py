"""The prompts that wait, below the buttons: what the browser does to them."""

from types import SimpleNamespace
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.json_text import json_object
from ..domain.problems import Problem
from ..jobs.service import GenerationService
from .browser_scripts import script
from .kept_tokens import read_token
from .page_requests import PageRequests
from .queueing import QUIET
from .words import English

PLACES = {"up": -1, "down": 1}
ACT = "() => [window.sanaKept.token(), window.sana.waitingAct()]"


def build_waiting(parts: SimpleNamespace, words: English) -> None:
    parts.waiting = gr.HTML(
        None,
        html_template='<div class="head"></div><ol></ol>',
        js_on_load=script("waiting", words=words.waiting),
        elem_id="waiting",
    )
    parts.act = gr.Textbox(visible=False)  # what waiting.js sends


def connect_waiting(parts: Any, service: GenerationService, requests: PageRequests) -> None:
    def act(token: Any, text: Any, request: gr.Request) -> dict[str, Any]:
        token, (number, kind) = read_token(token), read_act(text)
        if kind in PLACES:
            service.move(token, number, PLACES[kind])
        elif found := service.kept.find_one(token, number):
            found.job.cancel()
        return requests.waiting(request.session_hash or "", token)

    given = [parts.from_browser, parts.act]
    parts.waiting.input(act, given, parts.waiting, js=ACT, preprocess=False, postprocess=False, **QUIET)


def read_act(text: object) -> tuple[int, str]:
    """Return the number of a request and what to do with it, "up", "down" or "remove"; raise SanaError."""
    try:
        act = json_object(text) if isinstance(text, str) else {}
    except ValueError:
        act = {}
    number, kind = act.get("number"), act.get("act")
    if not isinstance(number, int) or isinstance(number, bool) or kind not in (*PLACES, "remove"):
        raise SanaError(Problem("event kind", {}))
    return number, str(kind)
