"""The events that fill in what a picture was made with: the chosen one's, or that of one dropped on the page."""

from typing import Any

from ..domain.errors import SanaError
from ..domain.picture_parameters import ENLARGE, STRENGTH
from ..domain.request import BATCH_INDEX
from ..domain.settings import MODEL, PROMPT, RANDOMIZE_SEED
from ..jobs.service import GenerationService
from .controls import Controls, filled
from .fields import Fields, UndoableFields
from .given_files import path_of
from .given_state import REPLACED, PanelUpdates, Wanted
from .model_updates import ModelUpdates
from .picture_gallery import selected_picture, stage
from .picture_settings import Refilled, chosen_model, refill
from .queueing import QUIET
from .status import Status, said
from .words import English

FOCUS = f"() => {{ document.querySelector('#{PROMPT.name} textarea').focus(); }}"
DRAW = "(status) => { if (status?.kind === 'vary') window.sana.draw(); }"


def connect_pictures(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, panel, undoable = service.models, PanelUpdates(parts, controls, words), UndoableFields(parts, controls)
    shown_model = ModelUpdates(parts, controls, models, words)

    def fill(found: Refilled, fields: Fields) -> dict[Any, Any]:
        """Fill in the settings of a picture. A given picture stays if they start from it."""
        values, line, settings = found
        model, given = models.describe(values[MODEL.name]), fields.given
        own = {each.name: values[each.name] for each in (*REPLACED, STRENGTH, ENLARGE)}
        if given and given.sha256 == settings.image_sha256:
            shown = panel.fill(given, model, own)
            if settings.mask_sha256 != given.mask_sha256(fields.mask):
                line = f"{line} {words.mask_wanted if settings.mask_sha256 else words.no_mask}"
        elif settings.image_sha256:
            shown = panel.take_away(model, own, Wanted(settings.image_sha256, own))
            masked = f" {words.mask_wanted}" if settings.mask_sha256 else ""
            line = f"{line} {words.picture_wanted(settings.image_sha256)}{masked}"
        else:
            shown = panel.take_away(model, own)
        return {
            **controls.updates(filled(values, model, words)),
            **shown_model.show(values[MODEL.name]),
            **panel.fit(model),
            **shown,
            **undoable.keep(fields),
            parts.status: said(line),
        }

    def use(pictures: Any, *values: Any) -> dict[Any, Any]:
        fields = undoable.read(values)
        menu = chosen_model(fields.menu, models)
        try:
            return fill(refill(selected_picture(pictures, words), models, menu, words), fields)
        except SanaError as error:
            return {parts.status: said(words.error(error))}

    def vary(pictures: Any, *values: Any) -> dict[Any, Any]:
        """Fill in the settings with a random seed; the browser then presses Generate, unless a picture is wanted."""
        fields = undoable.read(values)
        menu = chosen_model(fields.menu, models)
        try:
            found = refill(selected_picture(pictures, words), models, menu, words)
            other = {**found.values, RANDOMIZE_SEED.name: True, BATCH_INDEX: None}
            updates = fill(found._replace(values=other, line=words.varies), fields)
        except SanaError as error:
            return {parts.status: said(words.error(error))}
        if updates.get(parts.wanted) is None:
            updates[parts.status] = Status("vary", words.varies).record()
        return updates

    def drop(file: Any, *values: Any) -> dict[Any, Any]:
        path, fields = path_of(file), undoable.read(values)
        menu = chosen_model(fields.menu, models)
        if path is None:
            return {parts.drop: None}
        try:
            found = fill(refill(path, models, menu, words), fields)
            return {**found, parts.pictures: stage([path], is_new=False), parts.drop: None}
        except SanaError as error:
            return {parts.status: said(words.error(error)), parts.drop: None}

    outputs = [*controls.values(), *panel.outputs, *shown_model.outputs, *undoable.outputs, parts.status]
    filling = list(dict.fromkeys(outputs))
    using: dict[str, Any] = {
        "inputs": [parts.pictures, *undoable.inputs],
        "outputs": filling,
        "js": undoable.script(1),
        "preprocess": False,  # Gradio's own would leave copies of files behind
        **QUIET,
    }
    panel.say_kept(parts.use.click(use, **using))
    # Focus the prompt, which the visitor wants to change next.
    panel.say_kept(parts.same_seed.click(use, **using)).then(None, None, None, js=FOCUS, **QUIET)
    panel.say_kept(parts.vary.click(vary, **using)).then(None, parts.status, None, js=DRAW, **QUIET)
    dropping = {**using, "inputs": [parts.drop, *undoable.inputs], "outputs": [*filling, parts.pictures, parts.drop]}
    panel.say_kept(parts.drop.upload(drop, **dropping))
