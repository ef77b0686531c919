"""The buttons that make a picture the given one: "Change this", "Larger", "Fill here"."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.settings import HEIGHT, MAX_SIZE, MODEL, NUM_IMAGES, SIZE_MULTIPLE, WIDTH
from ..jobs.service import GenerationService
from .controls import Controls, filled
from .fields import Fields, UndoableFields
from .given_files import path_of
from .given_state import REPLACED, Given, PanelUpdates, before_picture, picture_values
from .model_updates import ModelUpdates
from .picture_gallery import selected_picture
from .picture_settings import chosen_model, refill
from .queueing import QUIET
from .status import said
from .words import English

# The panel is above the result: on a phone, out of sight.
SHOW_PANEL = """() => {
    document.querySelector("#given").scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""


def connect_redrawing(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, panel, undoable = service.models, PanelUpdates(parts, controls, words), UndoableFields(parts, controls)
    shown_model = ModelUpdates(parts, controls, models, words)

    def button(fill: Callable[[Given, str], dict[Any, Any]]) -> Any:
        """Return the handler of a button, from a function that fills in what a picture asks for."""

        def handle(pictures: Any, *values: Any) -> dict[Any, Any]:
            fields = undoable.read(values)
            name = chosen_model(fields.menu, models)
            try:
                path = selected_picture(pictures, words)
                return {**fill(given(path, fields, name), name), **undoable.keep(fields)}
            except SanaError as error:
                return {parts.status: said(words.error(error))}

        handle.__name__ = fill.__name__
        return handle

    def start(file: Any, *values: Any) -> dict[Any, Any]:
        """Start from a picture that the browser hands over, such as one of the history."""
        path, fields = path_of(file), undoable.read(values)
        name = chosen_model(fields.menu, models)
        if path is None:
            return {parts.start: None}
        try:
            return {**change(given(path, fields, name), name), **undoable.keep(fields), parts.start: None}
        except SanaError as error:
            return {parts.status: said(words.error(error)), parts.start: None}

    def given(path: Path, fields: Fields, name: str) -> Given:
        model = models.describe(name)
        if not model.has_vae_encoder:
            raise SanaError(Problem("no encoder", {}))
        replaced = [fields.values[each.name] for each in REPLACED]
        return Given.read(path, before_picture(model, replaced)).instead_of(fields.given)

    def change(picture: Given, name: str) -> dict[Any, Any]:
        values = picture.values(models.describe(name))
        line = words.starts_here(values[WIDTH.name], values[HEIGHT.name])
        return {**panel.show(picture, models.describe(name), values), parts.status: said(line)}

    def fill_here(picture: Given, name: str) -> dict[Any, Any]:
        values = picture.values(models.describe(name))
        line = words.paint_here(values[WIDTH.name], values[HEIGHT.name])
        return {**panel.show(picture, models.describe(name), values, paints=True), parts.status: said(line)}

    def enlarge(picture: Given, name: str) -> dict[Any, Any]:
        recorded = refill(Path(picture.path), models, name, words).values
        model = models.describe(recorded[MODEL.name])
        size = larger_size(picture.size)
        if size == picture.size:
            raise SanaError(words.largest(MAX_SIZE))
        values = {**picture_values(model, size, enlarge=True), NUM_IMAGES.name: 1}
        own = {key: value for key, value in recorded.items() if key not in values}
        return {
            **controls.updates(filled(own, model, words)),
            **shown_model.show(recorded[MODEL.name]),
            **panel.show(picture, model, values),
            **panel.fit(model),
            parts.status: said(words.enlarges(*size)),
        }

    filling = [*controls.values(), *panel.outputs, *shown_model.outputs, *undoable.outputs, parts.status]
    outputs = list(dict.fromkeys(filling))
    plain: dict[str, Any] = {"js": undoable.script(1), "preprocess": False, **QUIET}
    inputs = [parts.pictures, *undoable.inputs]
    shown = [
        pressed.click(button(fill), inputs, outputs, **plain)
        for pressed, fill in ((parts.change_this, change), (parts.fill_here, fill_here), (parts.larger, enlarge))
    ]
    shown.append(parts.start.upload(start, [parts.start, *undoable.inputs], [*outputs, parts.start], **plain))
    for event in shown:
        panel.say_kept(event).then(None, None, None, js=SHOW_PANEL, **QUIET)


def larger_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return twice a size, or the largest of its shape: at most 4096 pixels, in multiples of 32."""
    factor = min(2.0, MAX_SIZE / max(size))
    width, height = (max(round(side * factor / SIZE_MULTIPLE), 1) * SIZE_MULTIPLE for side in size)
    return width, height
