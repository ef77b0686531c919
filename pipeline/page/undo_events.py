"""The event of Undo, which brings back what was in the fields before a picture or an example filled them in."""

from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ..domain.picture_parameters import ENLARGE, IMAGE, MASK_IMAGE, STRENGTH
from ..jobs.service import GenerationService
from .controls import Controls
from .fields import Fields
from .filling import Filling
from .given_state import REPLACED
from .picture_gallery import png_address
from .picture_settings import chosen_model
from .queueing import QUIET
from .status import said
from .words import English


def connect_undo(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, filling = service.models, Filling(parts, controls, service.models, words)
    panel = filling.panel

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
            **filling.settings(values, name),
            **shown,
            parts.before: None,
            parts.undo: gr.update(visible=False),
            parts.status: said(words.undone),
        }

    panel.say_kept(parts.undo.click(undo, parts.before, filling.outputs, preprocess=False, **QUIET))


def _address_of(mask: Path | None) -> str | None:
    """Return a mask as a data URL; None for none, and for one whose file is gone by now."""
    if mask is None or not mask.is_file():
        return None
    with Image.open(mask) as picture:
        return png_address(picture)
