"""The events of a page that opens: it fills in what was typed in this browser, or what its link says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.picture_parameters import IMAGE, MASK_IMAGE, PICTURE_PARAMETERS
from ..domain.problems import Problem
from ..domain.settings import MODEL, PARAMETERS
from ..jobs.service import GenerationService
from .controls import Controls, filled
from .given_files import path_of
from .given_state import REPLACED, Given, PanelUpdates
from .link import checked_values, read_link
from .model_updates import ModelUpdates
from .page_blocks import PageBlocks
from .queueing import QUIET
from .status import said
from .words import English

KEPT = tuple(each for each in PARAMETERS if each is not MASK_IMAGE)
"""What the browser keeps: all but the mask, which stays in its painter."""


def connect_restoring(
    app: PageBlocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    models, panel = service.models, PanelUpdates(parts, controls, words)
    shown = ModelUpdates(parts, controls, models, words)

    def restore(kept: str | None, request: gr.Request) -> dict[Any, Any]:
        """Fill in what was typed; without that, what the page's link says."""
        try:
            return fill(read_kept(kept)) if kept else open_link(request)
        except SanaError as error:
            return {**open_link(request), parts.status: said(words.error(error))}

    def fill(kept: Mapping[str, Any]) -> dict[Any, Any]:
        values, problems = checked_values(kept, models)
        name = models.find(values.get(MODEL.name))
        model = models.describe(name)
        lines = [words.problem(problem) for problem in problems]
        updates = controls.updates(filled(values, model if MODEL.name in values else None, words))
        if kept.get(IMAGE.name) is not None:
            try:
                updates |= show_picture(kept, model)
            except SanaError:
                lines.append(words.picture_again)
        return {
            **updates,
            **shown.show(name),
            **panel.fit(model),
            parts.status: said(words.not_kept(" ".join(lines))) if lines else gr.skip(),
        }

    def show_picture(kept: Mapping[str, Any], model: ModelDescription) -> dict[Any, Any]:
        path = path_of(kept[IMAGE.name])
        if not app.owns(None, str(path)) or not model.has_vae_encoder:
            raise SanaError(Problem("foreign file", {}))
        given = Given.read(Path(str(path)), {each.name: model.default(each) for each in REPLACED})
        own = (*REPLACED, *PICTURE_PARAMETERS)
        typed = {each.name: kept[each.name] for each in own if each.name in kept and not each.problem(kept[each.name])}
        return panel.show(given, model, {**given.values(model), **typed})

    def open_link(request: gr.Request) -> dict[Any, Any]:
        values, problems = read_link(request.query_params, models)
        name = values.get(MODEL.name)
        model = models.describe(name) if name else None
        line = " ".join(words.problem(problem) for problem in problems)
        status = said(words.link_problems(line)) if problems else gr.skip()
        shown_model = {**shown.show(name), **panel.fit(models.describe(name))} if name else {}
        return {**controls.updates(filled(values, model, words)), **shown_model, parts.status: status}

    kept = [controls[each.name] for each in KEPT]
    names = json.dumps([each.name for each in KEPT])
    outputs = list(dict.fromkeys([*controls.values(), *panel.outputs, *shown.outputs, parts.status]))
    restored = app.load(
        restore, parts.from_browser, outputs, js="() => window.sanaKept.form()", preprocess=False, **QUIET
    )
    restored.then(None, None, None, js="() => { window.sanaKept.beginSaving(); }", **QUIET)
    save = (
        f"(...values) => {{ window.sanaKept.save(Object.fromEntries({names}.map((name, k) => [name, values[k]]))); }}"
    )
    gr.on([each.change for each in kept], None, kept, None, js=save, **QUIET)


def read_kept(text: object) -> dict[str, Any]:
    """Return the values that the browser has kept, by parameter name, without those of emptied fields.

    Raises:
        SanaError: the text is none that this page wrote.
    """
    try:
        values = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise SanaError(Problem("kept", {}))
    known = {each.name for each in KEPT}
    return {name: value for name, value in values.items() if name in known and value not in (None, "")}
