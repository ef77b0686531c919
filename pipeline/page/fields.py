"""All fields of the page as an event gets them, kept by what fills them in, and brought back by Undo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.picture_parameters import MASK_IMAGE
from ..domain.settings import MODEL
from .browser_values import with_mask
from .controls import Controls
from .given_files import path_of
from .given_state import Given, Wanted


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
