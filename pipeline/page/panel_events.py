"""The events of the panel "Start from a picture"."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.model import ModelDescription
from ..domain.picture_parameters import IMAGE, MASK_IMAGE, MASK_INVERT, STRENGTH
from ..domain.settings import MODEL, NUM_INFERENCE_STEPS
from ..domain.size_parameters import HEIGHT, WIDTH
from ..jobs.service import GenerationService
from .browser_values import with_mask
from .controls import Controls
from .extending import Extension, own_size
from .given_files import path_of
from .given_state import REPLACED, Given, PanelUpdates, Wanted, before_picture
from .picture_files import write_given
from .picture_gallery import png_address
from .picture_settings import chosen_model
from .queueing import QUIET
from .status import said
from .visitor import picture_folder
from .words import English

# A picture of the camera arrives as a change of the value, without the event of an upload. Its file has no type.
FROM_CAMERA = "(picture, ...others) => [picture?.mime_type === '' ? picture : null, ...others]"


def connect_panel(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, panel = service.models, PanelUpdates(parts, controls, words)

    def model_of(name: str | None) -> ModelDescription:
        return models.describe(chosen_model(name, models))

    def arrive(
        record: Any,
        width: Any,
        height: Any,
        steps: Any,
        binning: Any,
        menu: str | None,
        given: Given | None,
        wanted: Wanted | None,
    ) -> dict[Any, Any]:
        """Show a picture that the visitor has given, or take away one that the visitor has cleared."""
        path, model = path_of(record), model_of(menu)
        if path is None:
            return panel.take_away(model, given.before if given else {})
        try:
            arrived = Given.read(path, before_picture(model, (width, height, steps, binning))).instead_of(given)
        except SanaError as error:
            return panel.refuse(words.error(error))
        if wanted is None or wanted.sha256 != arrived.sha256:
            return panel.show(arrived, model, arrived.values(model))
        return panel.show(arrived, model, wanted.values, mask=wanted.mask, paints=wanted.mask is not None)

    def arrive_from_camera(record: Any, *others: Any) -> dict[Any, Any]:
        return {image: gr.skip()} if record is None else arrive(record, *others)

    def leave(menu: str | None, given: Given | None) -> dict[Any, Any]:
        return panel.take_away(model_of(menu), given.before if given else {})

    def refit(menu: str | None, given: Given | None) -> dict[Any, Any]:
        """Fit the panel to a newly chosen model, whose own values stand in the controls."""
        model = model_of(menu)
        if given is None:
            return panel.fit(model)
        before = {each.name: model.default(each) for each in REPLACED}
        if not model.has_vae_encoder:
            return {**panel.take_away(model, before), **panel.fit(model)}
        fitting = replace(given, before=before)
        return {
            **panel.fill(fitting, model, fitting.values(model)),
            **panel.fit(model),
            parts.given: fitting,
        }

    def paint(menu: str | None, event: gr.EventData) -> dict[Any, Any]:
        data = event._data
        is_painted = isinstance(data, dict) and data.get("painted") is True
        strength = STRENGTH.maximum if is_painted else model_of(menu).family.image_strength
        return {controls[STRENGTH.name]: strength, parts.mask_settings: gr.update(visible=is_painted)}

    def extend(
        mask_record: Any,
        inverts: Any,
        sides: Any,
        share: Any,
        menu: str | None,
        given: Given | None,
        request: gr.Request,
    ) -> dict[Any, Any]:
        if given is None or not sides:
            return {parts.status: said(words.no_side)}
        try:
            canvas, mask = Extension.of_page(sides, share).apply(
                Path(given.path), path_of(mask_record), inverts is True
            )
            path = write_given(canvas, picture_folder(request.session_hash or ""))
            extended = Given.read(path, given.before)
        except SanaError as error:
            return {parts.status: said(words.error(error))}
        model = model_of(menu)
        values = {**extended.values(model), **own_size(extended.size, model), STRENGTH.name: STRENGTH.maximum}
        return {
            **panel.show(extended, model, values, mask=png_address(mask)),
            controls[MASK_INVERT.name]: False,
            parts.status: said(words.extended),
        }

    image, menu = controls[IMAGE.name], controls[MODEL.name]
    replaced = [controls[each.name] for each in REPLACED]
    plain: dict[str, Any] = {"preprocess": False, **QUIET}
    arriving = [image, *replaced, menu, parts.given, parts.wanted]
    panel.say_kept(image.input(arrive, arriving, panel.outputs, **plain))
    panel.say_kept(image.change(arrive_from_camera, arriving, panel.outputs, js=FROM_CAMERA, **plain))
    parts.take_away.click(leave, [menu, parts.given], panel.outputs, **plain)
    panel.say_kept(parts.model_chosen.then(refit, [menu, parts.given], panel.outputs, **plain))
    parts.painter.input(paint, menu, [controls[STRENGTH.name], parts.mask_settings], **plain)
    steps, strength = controls[NUM_INFERENCE_STEPS.name], controls[STRENGTH.name]
    gr.on([steps.change, strength.change], panel.kept, [steps, strength], parts.kept, **plain)
    sizes = [controls[WIDTH.name], controls[HEIGHT.name]]
    gr.on([each.change for each in sizes], panel.size, [parts.given, *sizes], parts.size_line, **plain)
    extending = [controls[MASK_IMAGE.name], controls[MASK_INVERT.name], parts.sides, parts.share, menu, parts.given]
    panel.say_kept(parts.extend.click(extend, extending, [*panel.outputs, parts.status], js=with_mask(0), **plain))
