"""The buttons beside the result that make the selected picture the given one: "Change this", "Larger", "Fill here"."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..domain.errors import SanaError
from ..domain.problems import Problem
from ..domain.settings import HEIGHT, MAX_SIZE, MODEL, NUM_IMAGES, SIZE_MULTIPLE, WIDTH
from ..jobs.service import GenerationService
from .controls import Controls, filled
from .given_state import REPLACED, Given, PanelUpdates, before_picture, picture_values
from .model_updates import ModelUpdates
from .picture_gallery import paths_of
from .picture_settings import chosen_model, picture_at, refill
from .queueing import QUIET
from .status import Status
from .words import English

# The panel is above the result: on a phone, out of sight.
SHOW_PANEL = """() => {
    document.querySelector("#given").scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""


def connect_redrawing(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, panel = service.models, PanelUpdates(parts, controls, words)
    shown_model = ModelUpdates(parts, controls, models, words)

    def button(fill: Callable[[Given, str], dict[Any, Any]]) -> Any:
        """Return the handler of a button, from a function that fills in what a picture asks for."""

        def handle(
            pictures: Any, index: Any, finished: Any, menu: str | None, given: Given | None, *replaced: Any
        ) -> dict[Any, Any]:
            paths, name = paths_of(pictures, finished), chosen_model(menu, models)
            model = models.describe(name)
            try:
                if not model.has_vae_encoder:
                    raise SanaError(Problem("no encoder", {}))
                path = picture_at(paths, index, words)
                picture = Given.read(path, before_picture(model, replaced)).instead_of(given)
                return fill(picture, name)
            except SanaError as error:
                return said(words.error(error))

        handle.__name__ = fill.__name__
        return handle

    def change(picture: Given, name: str) -> dict[Any, Any]:
        values = picture.values(models.describe(name))
        line = words.starts_here(values[WIDTH.name], values[HEIGHT.name])
        return {**panel.show(picture, models.describe(name), values), **said(line)}

    def fill_here(picture: Given, name: str) -> dict[Any, Any]:
        values = picture.values(models.describe(name))
        line = words.paint_here(values[WIDTH.name], values[HEIGHT.name])
        return {**panel.show(picture, models.describe(name), values, paints=True), **said(line)}

    def enlarge(picture: Given, name: str) -> dict[Any, Any]:
        recorded = refill(Path(picture.path), models, name, words).values
        model = models.describe(recorded[MODEL.name])
        size = larger_size(picture.size)
        if size == picture.size:
            return said(words.largest(MAX_SIZE))
        values = {**picture_values(model, size, enlarge=True), NUM_IMAGES.name: 1}
        own = {key: value for key, value in recorded.items() if key not in values}
        return {
            **controls.updates(filled(own, model, words)),
            **shown_model.show(recorded[MODEL.name]),
            **panel.show(picture, model, values),
            **panel.fit(model),
            **said(words.enlarges(*size)),
        }

    def said(line: str) -> dict[Any, Any]:
        return {parts.status: Status("note", line).record()}

    menu = controls[MODEL.name]
    inputs = [parts.pictures, parts.selected, parts.finished, menu, parts.given]
    inputs += [controls[each.name] for each in REPLACED]
    outputs = list(dict.fromkeys([*controls.values(), *panel.outputs, *shown_model.outputs, parts.status]))
    for pressed, fill in ((parts.change_this, change), (parts.fill_here, fill_here), (parts.larger, enlarge)):
        shown = pressed.click(button(fill), inputs, outputs, preprocess=False, **QUIET)
        panel.say_kept(shown).then(None, None, None, js=SHOW_PANEL, **QUIET)


def larger_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return twice a size, or the largest of its shape: at most 4096 pixels, in multiples of 32."""
    factor = min(2.0, MAX_SIZE / max(size))
    width, height = (max(round(side * factor / SIZE_MULTIPLE), 1) * SIZE_MULTIPLE for side in size)
    return width, height
