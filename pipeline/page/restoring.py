"""The events of a page that opens: it fills in what was typed in this browser, or what its link says."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from ..domain.errors import SanaError
from ..domain.json_text import json_object
from ..domain.model import ModelDescription
from ..domain.parameters import Parameter
from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_IMAGE, PICTURE_PARAMETERS, STRENGTH
from ..domain.problems import Problem
from ..domain.settings import MODEL, PARAMETERS
from ..jobs.service import GenerationService
from .alerts import alert
from .controls import Controls
from .explore import FIELDS, kept_fields
from .filling import Filling
from .given_files import path_of
from .given_state import REPLACED, Given, Wanted
from .link import checked_values, read_link
from .page_blocks import PageBlocks
from .queueing import QUIET
from .words import English

KEPT = tuple(each for each in PARAMETERS if each is not MASK_IMAGE)
"""What the browser keeps beside the fold of the grid and the mask, which its painter keeps."""

MASK = "mask"
"""The name of the kept mask among the kept values: its address, and the hash of its picture."""
PNG_ADDRESS = "data:image/png;base64,"


def connect_restoring(
    app: PageBlocks, parts: Any, controls: Controls, service: GenerationService, words: English
) -> None:
    models, filling = service.models, Filling(parts, controls, service.models, words)
    built = models.names

    def restore(kept: str | None, request: gr.Request) -> dict[Any, Any]:
        """Fill in what was typed; without that, what the page's link says."""
        try:
            return typed(read_kept(kept)) if kept else linked(request)
        except SanaError as error:
            return {**linked(request), parts.problem: alert(words.error(error))}

    def linked(request: gr.Request) -> dict[Any, Any]:
        values, problems = read_link(request.url.query, models)
        return fill(values, [words.problem(problem) for problem in problems], words.link_problems)

    def typed(kept: Mapping[str, Any]) -> dict[Any, Any]:
        values, problems = checked_values(kept, models)
        lines, shown = [words.problem(problem) for problem in problems], {}
        if kept.get(IMAGE.name) is not None:
            model = models.describe(models.find(values.get(MODEL.name)))
            try:
                shown = show_picture(kept, model)
            except SanaError:
                shown = want_picture(kept, model)
                lines.append(words.picture_again)
        try:
            shown |= {parts.grid[name]: value for name, value in kept_fields(kept, models).items()}
        except SanaError as error:
            lines.append(words.error(error))
        return {**fill(values, lines, words.not_kept), **shown}

    def fill(values: Mapping[str, Any], lines: Sequence[str], sentence: Callable[[str], str]) -> dict[Any, Any]:
        """Fill in checked values. `lines` say what could not be, in a `sentence`."""
        # Beside the button: the status may tell that the last picture is lost.
        problem = alert(sentence(words.space.join(lines))) if lines else gr.skip()
        name = values.get(MODEL.name)
        if models.names[: len(built)] == built:
            return {**filling.settings(values, name), parts.problem: problem}
        name = name or models.names[0]  # another model has taken a place in the menu
        menu = {controls[MODEL.name]: gr.update(choices=models.names, value=name)}
        return {**filling.settings(values, name), **menu, parts.problem: problem}

    def show_picture(kept: Mapping[str, Any], model: ModelDescription) -> dict[Any, Any]:
        path = path_of(kept[IMAGE.name])
        if not app.owns(None, str(path)) or not model.has_vae_encoder:
            raise SanaError(Problem("foreign file", {}))
        given = Given.read(Path(str(path)), {each.name: model.default(each) for each in REPLACED})
        mask = kept_mask(kept)
        address = mask.address if mask and mask.sha256 == given.sha256 else None
        values = {**given.values(model), **kept_values(kept, (*REPLACED, *PICTURE_PARAMETERS))}
        return filling.panel.show(given, model, values, mask=address, paints=address is not None)

    def want_picture(kept: Mapping[str, Any], model: ModelDescription) -> dict[Any, Any]:
        """Keep the mask for when the picture is given again, which the server has lost."""
        mask, values = kept_mask(kept), kept_values(kept, (*REPLACED, STRENGTH, ENLARGE))
        if mask is None or not model.has_vae_encoder:
            return {}
        return filling.panel.take_away(model, values, Wanted(mask.sha256, values, mask.address))

    kept = {**{each.name: controls[each.name] for each in KEPT}, **parts.grid}
    names, outputs = json.dumps(list(kept)), [*filling.outputs, *parts.grid.values(), parts.problem]
    form = "() => window.sanaKept.form()"
    restored = app.load(restore, parts.from_browser, outputs, js=form, preprocess=False, **QUIET)
    restored.then(None, None, None, js="() => { window.sanaKept.beginSaving(); window.sanaFilledIn(); }", **QUIET)
    save = (
        f"(...values) => {{ window.sanaKept.save(Object.fromEntries({names}.map((name, k) => [name, values[k]]))); }}"
    )
    gr.on([each.change for each in kept.values()], None, list(kept.values()), None, js=save, **QUIET)


class KeptMask(NamedTuple):
    """A painted mask: the hash of its picture, and its data URL."""

    sha256: str
    address: str


def kept_mask(kept: Mapping[str, Any]) -> KeptMask | None:
    """Return the mask that the browser has kept; None if there is none."""
    mask = kept.get(MASK)
    sha256, address = (mask.get(name) for name in KeptMask._fields) if isinstance(mask, dict) else (None, None)
    if isinstance(sha256, str) and isinstance(address, str) and address.startswith(PNG_ADDRESS):
        return KeptMask(sha256, address)
    return None


def kept_values(kept: Mapping[str, Any], parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the kept values of these parameters, without those that are no values."""
    own = (each for each in parameters if each.name in kept)
    return {each.name: kept[each.name] for each in own if not each.problem(kept[each.name])}


def read_kept(text: object) -> dict[str, Any]:
    """Return the values that the browser has kept, by parameter name, without those of emptied fields.

    Those of the grid's fold are among them under the names of its fields, and the mask.

    Raises:
        SanaError: the text is none that this page wrote.
    """
    try:
        values = json_object(text if isinstance(text, str) else "")
    except ValueError:
        raise SanaError(Problem("kept", {})) from None
    known = {each.name for each in KEPT}
    return {
        name: value
        for name, value in values.items()
        if name in (*FIELDS, MASK) or (name in known and value not in (None, ""))  # an empty axis is a choice
    }
