"""The buttons that make a picture the given one: "Change this", "Larger", "Fill here"."""

from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.settings import MODEL, NUM_IMAGES
from ..domain.size_parameters import HEIGHT, MAX_SIZE, SIZE_MULTIPLE, WIDTH
from ..jobs.service import GenerationService
from .controls import Controls
from .fields import Fields
from .filling import Filling
from .given_state import REPLACED, Given, before_picture, picture_values
from .picture_settings import refill
from .queueing import QUIET
from .status import said
from .words import English

# The panel is above the result: on a phone, out of sight.
SHOW_PANEL = """() => {
    document.querySelector("#given").scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""


def connect_redrawing(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, filling = service.models, Filling(parts, controls, service.models, words)
    panel = filling.panel

    def given(path: Path, fields: Fields, name: str) -> Given:
        model = models.describe(name)
        if not model.has_vae_encoder:
            raise SanaError(Problem("no encoder", {}))
        replaced = [fields.values[each.name] for each in REPLACED]
        return Given.read(path, before_picture(model, replaced)).instead_of(fields.given)

    def change(path: Path, fields: Fields, name: str) -> dict[Any, Any]:
        picture, model = given(path, fields, name), models.describe(name)
        values = picture.values(model)
        line = words.starts_here(values[WIDTH.name], values[HEIGHT.name])
        return {**panel.show(picture, model, values), parts.status: said(line)}

    def start(path: Path, fields: Fields, name: str) -> dict[Any, Any]:
        """Start from a picture that the browser hands over, such as one of the history."""
        return change(path, fields, name)

    def fill_here(path: Path, fields: Fields, name: str) -> dict[Any, Any]:
        picture, model = given(path, fields, name), models.describe(name)
        values = picture.values(model)
        line = words.paint_here(values[WIDTH.name], values[HEIGHT.name])
        return {**panel.show(picture, model, values, paints=True), parts.status: said(line)}

    def enlarge(path: Path, fields: Fields, name: str) -> dict[Any, Any]:
        picture, recorded = given(path, fields, name), refill(path, models, name, words).values
        size = larger_size(picture.size)
        if size == picture.size:
            raise SanaError(words.largest(MAX_SIZE))
        model = models.describe(recorded[MODEL.name])
        values = {**picture_values(model, size, enlarge=True), NUM_IMAGES.name: 1}
        own = {key: value for key, value in recorded.items() if key not in values}
        return {
            **filling.settings(own, recorded[MODEL.name]),
            **panel.show(picture, model, values),
            parts.status: said(words.enlarges(*size)),
        }

    for event in (
        filling.by_button(parts.change_this, change),
        filling.by_button(parts.fill_here, fill_here),
        filling.by_button(parts.larger, enlarge),
        filling.by_file(parts.start, start),
    ):
        event.then(None, None, None, js=SHOW_PANEL, **QUIET)


def larger_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return twice a size, or the largest of its shape: at most 4096 pixels, in multiples of 32."""
    factor = min(2.0, MAX_SIZE / max(size))
    width, height = (max(round(side * factor / SIZE_MULTIPLE), 1) * SIZE_MULTIPLE for side in size)
    return width, height
