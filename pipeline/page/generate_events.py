"""The events of Generate and Stop, and the estimate of the time."""

import html
import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from ..domain.picture_parameters import MASK_IMAGE
from ..domain.settings import MODEL, PROMPT, RANDOMIZE_SEED, SEED
from ..jobs.service import GenerationService
from ..jobs.timings import TIME_PARAMETERS
from .alerts import alert
from .browser_values import MASK, NEW_TOKEN, with_values
from .controls import Controls
from .explore import cells_line, drawing_events
from .generating import TOKEN, Generating
from .given_files import of_page
from .list_switch import LISTED
from .live_events import held_seed, is_quick
from .model_updates import ModelUpdates
from .queueing import FOLLOWING, LATEST, QUIET
from .status import said
from .waiting_list import connect_waiting
from .words import English

# The prompt is kept for the up key now: an event after the drawing's own would wait for its end.
BEGIN = "prompt => { window.sana.begin(); window.sana.keepPrompt(prompt); return ''; }"
# The fold of the grid is far from the pictures.
BEGIN_IN_SIGHT = f"prompt => {{ window.sana.bring('#result'); return ({BEGIN})(prompt); }}"
# The seed that is drawn is shown, but never in place of one that was typed: that turns "random" off.
SHOWN_SEED = "(status, isRandom, seed) => isRandom && status?.seed != null ? status.seed : seed"


def connect_generate(
    app: gr.Blocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    """Connect the buttons, the list of what waits, and the estimates that follow each change of a control."""
    model = ModelUpdates(parts, controls, service.models, words)
    generating = Generating(app, parts, service, model, words)

    def estimate(**values: Any) -> tuple[str, str]:
        """Return how long the request takes, and what is said of the grid, as HTML."""
        fields = {name: values.pop(name) for name in parts.grid}
        asked = of_page(values)
        return estimate_line(asked), cells_line(service, asked, fields, words)

    def estimate_line(asked: Mapping[str, Any]) -> str:
        seconds = service.estimate(asked)
        if seconds is None:
            return ""
        live = " data-live" if is_quick(service, asked) else ""
        return f"<p{live}>{html.escape(words.estimate(seconds))}</p>"

    connect_waiting(parts, service, generating.requests)
    priced = {parameter.name: controls[parameter.name] for parameter in (MODEL, *TIME_PARAMETERS)}
    priced |= parts.grid
    changes = [each.change for each in priced.values()]
    estimates = [parts.estimate, parts.cells]
    gr.on([*changes, app.load], estimate, inputs_kwargs=priced, outputs=estimates, preprocess=False, **LATEST)
    triggers = [parts.run.click, controls[PROMPT.name].submit]
    gr.on(triggers, None, controls[PROMPT.name], parts.problem, js=BEGIN, **QUIET)
    gr.on(drawing_events(parts), None, controls[PROMPT.name], parts.problem, js=BEGIN_IN_SIGHT, **QUIET)
    asked = {**controls, TOKEN: parts.from_browser, LISTED: parts.listed}
    of_browser = {
        list(asked).index(MASK_IMAGE.name): MASK,
        list(asked).index(TOKEN): NEW_TOKEN,
        **held_seed(list(asked)),
    }
    drawn = [parts.pictures, parts.status, parts.problem, parts.stop, parts.run, parts.waiting]
    following: dict[str, Any] = {
        "outputs": [*drawn, *model.state],
        "preprocess": False,  # the service checks the plain values, so Gradio need not
        "postprocess": False,
        **FOLLOWING,
    }
    asking: dict[str, Any] = {"js": with_values(of_browser), "trigger_mode": "multiple", **following}
    for running in (
        gr.on(triggers, generating.show, inputs_kwargs=asked, **asking),
        gr.on(drawing_events(parts), generating.show, inputs_kwargs={**asked, **parts.grid}, **asking),
        app.load(generating.resume, parts.from_browser, js="() => window.sanaKept.request()", **following),
    ):
        # The server was out of reach, or its answer was lost.
        answer = f"[{{__type__: 'update', interactive: false}}, {json.dumps(alert(words.server_gone))}]"
        lost = f"() => {{ window.sanaConnection.check(); return {answer}; }}"
        running.failure(None, None, [parts.stop, parts.problem], js=lost, **QUIET)
        running.success(estimate, inputs_kwargs=priced, outputs=estimates, preprocess=False, **QUIET)
    seeds = [parts.status, controls[RANDOMIZE_SEED.name], controls[SEED.name]]
    parts.status.change(None, seeds, controls[SEED.name], js=SHOWN_SEED, **QUIET)
    # The browser shows this status itself: one from the server could arrive after the job's last status.
    stopping = json.dumps(said(words.stopping))
    parts.stop.click(None, None, parts.status, js=f"() => ({stopping})", **QUIET)
    parts.stop.click(generating.stop, parts.from_browser, None, js="() => window.sanaKept.token()", **QUIET)
