"""All fields of the page as an event gets them, kept by what fills them in, and brought back by Undo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_IMAGE, STRENGTH
from ..domain.settings import MODEL
from ..jobs.service import GenerationService
from .browser_values import with_mask
from .controls import Controls, filled
from .given_files import path_of
from .given_state import REPLACED, Given, PanelUpdates, Wanted
from .model_updates import ModelUpdates
from .picture_gallery import png_address
from .picture_settings import chosen_model
from .queueing import QUIET
from .status import Status
from .words import English


@dataclass(frozen=True, eq=False)  # Gradio hashes states, and a mapping has no hash
class Fields:
    """The values of the controls by name, the given picture, and the one that filled in settings ask for."""

    values: Mapping[str, Any]
    given: Given | None
    wanted: Wanted | None

    @property
    def menu(self) -> Any:
        """The model in the menu, as the browser sends it."""
        return self.values[MODEL.name]

    @property
    def mask(self) -> Path | None:
        return path_of(self.values[MASK_IMAGE.name])


class UndoableFields:
    """The fields as inputs of an event, and what an event that fills them in returns besides.

    Such an event has `inputs` at the end of its inputs, `outputs` among its outputs, and the JavaScript `script`.
    """

    def __init__(self, parts: Any, controls: Controls) -> None:
        self._parts, self._names = parts, list(controls)
        self.inputs = [*controls.values(), parts.given, parts.wanted]
        self.outputs = [parts.before, parts.undo]

    def script(self, inputs_before: int) -> str:
        return with_mask(inputs_before + self._names.index(MASK_IMAGE.name))

    def read(self, values: Sequence[Any]) -> Fields:
        *own, given, wanted = values
        return Fields(dict(zip(self._names, own, strict=True)), given, wanted)

    def keep(self, fields: Fields) -> dict[Any, Any]:
        """Return the updates that offer to undo what is filled in now."""
        return {self._parts.before: fields, self._parts.undo: gr.update(visible=True)}


def connect_undo(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, panel = service.models, PanelUpdates(parts, controls, words)
    shown_model = ModelUpdates(parts, controls, models, words)

    def undo(before: Fields | None) -> dict[Any, Any]:
        if before is None:
            return {parts.undo: gr.update(visible=False)}
        name = chosen_model(before.menu, models)
        model = models.describe(name)
        values = {name: value for name, value in before.values.items() if name not in (IMAGE.name, MASK_IMAGE.name)}
        of_picture = {each.name: values[each.name] for each in (*REPLACED, STRENGTH, ENLARGE)}
        if before.given:
            shown = panel.show(before.given, model, of_picture, mask=_address_of(before.mask))
        else:
            shown = panel.take_away(model, of_picture, before.wanted)
        return {
            **controls.updates(filled(values, model, words)),
            **shown_model.show(name),
            **panel.fit(model),
            **shown,
            parts.before: None,
            parts.undo: gr.update(visible=False),
            parts.status: Status("note", words.undone).record(),
        }

    own = [parts.status, parts.before, parts.undo]
    outputs = dict.fromkeys([*controls.values(), *panel.outputs, *shown_model.outputs, *own])
    panel.say_kept(parts.undo.click(undo, parts.before, list(outputs), preprocess=False, **QUIET))


def _address_of(mask: Path | None) -> str | None:
    """Return a mask as a data URL; None for none, and for one whose file is gone by now."""
    if mask is None or not mask.is_file():
        return None
    with Image.open(mask) as picture:
        return png_address(picture)
