"""What fills many fields of the page in at once: a picture, what Undo has kept, a link, what was typed before."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..jobs.models import Models
from .controls import Controls, filled
from .fields import Fields, UndoableFields
from .given_files import path_of
from .given_state import PanelUpdates
from .model_updates import ModelUpdates
from .picture_gallery import selected_picture
from .picture_settings import chosen_model
from .queueing import QUIET
from .status import said
from .words import English

Fill = Callable[[Path, Fields, str], dict[Any, Any]]
"""Returns the updates that a picture asks for, from its path, the fields, and the name of the model in the menu.

Raises SanaError for a picture that cannot be used.
"""


class Filling:
    """The updates of an event that fills fields in, by component; `outputs` are the components.

    `panel` has the updates of "Start from a picture".
    """

    def __init__(self, parts: Any, controls: Controls, models: Models, words: English) -> None:
        self.panel = PanelUpdates(parts, controls, words)
        self._undoable = UndoableFields(parts, controls)
        self._shown = ModelUpdates(parts, controls, models, words)
        self._parts, self._controls, self._models, self._words = parts, controls, models, words
        own = [*controls.values(), *self.panel.outputs, *self._shown.outputs, *self._undoable.outputs, parts.status]
        self.outputs = list(dict.fromkeys(own))

    def settings(self, values: Mapping[str, Any], name: str | None) -> dict[Any, Any]:
        """Fill in values by parameter name. With the name of a model, fit the page to it."""
        model = self._models.describe(name) if name else None
        fitted = {**self._shown.show(name), **self.panel.fit(model)} if name and model else {}
        return {**self._controls.updates(filled(values, model, self._words)), **fitted}

    def by_button(self, button: Any, fill: Fill) -> Any:
        """Let a button fill in what the chosen picture asks for. Undo brings back what was there. Return the event."""

        def handle(pictures: Any, *values: Any) -> dict[Any, Any]:
            return self._undoably(lambda: selected_picture(pictures, self._words), fill, values)

        return self._connect(button.click, handle, fill, self._parts.pictures)

    def by_file(self, field: Any, fill: Fill, *outputs: Any) -> Any:
        """Let a file in a field do the same, and empty the field; `outputs` are those of `fill` besides."""

        def handle(file: Any, *values: Any) -> dict[Any, Any]:
            path = path_of(file)
            updates = {} if path is None else self._undoably(lambda: path, fill, values)
            return {**updates, field: None}

        return self._connect(field.upload, handle, fill, field, field, *outputs)

    def _undoably(self, picture: Callable[[], Path], fill: Fill, values: Sequence[Any]) -> dict[Any, Any]:
        fields = self._undoable.read(values)
        name = chosen_model(fields.menu, self._models)
        try:
            return {**fill(picture(), fields, name), **self._undoable.keep(fields)}
        except SanaError as error:
            return {self._parts.status: said(self._words.error(error))}

    def _connect(self, trigger: Any, handle: Any, fill: Fill, source: Any, *outputs: Any) -> Any:
        handle.__name__ = fill.__name__
        event = trigger(
            handle,
            [source, *self._undoable.inputs],
            [*self.outputs, *outputs],
            js=self._undoable.script(1),
            preprocess=False,  # Gradio's own would leave copies of files behind
            **QUIET,
        )
        return self.panel.say_kept(event)
