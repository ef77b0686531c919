"""The events of pictures: reuse of their settings, comparison, and pictures dropped on the page."""

from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.picture_parameters import ENLARGE, MASK_IMAGE, STRENGTH
from ..domain.settings import MODEL, PROMPT
from ..generation.metadata import read_settings
from ..jobs.service import GenerationService
from .browser_values import with_mask
from .controls import Controls, filled
from .given_files import path_of
from .given_state import REPLACED, Given, PanelUpdates, Wanted
from .model_updates import ModelUpdates
from .picture_gallery import paths_of
from .picture_settings import chosen_model, is_same_picture, picture_at, refill
from .queueing import QUIET
from .status import Status
from .words import English

# The comparison appears below the picture, perhaps out of sight.
SHOW_COMPARISON = """() => {
    const comparison = document.querySelector("#comparison");
    if (comparison && !window.sanaCompares) comparison.scrollIntoView({ behavior: "smooth" });
    window.sanaCompares = Boolean(comparison);
}"""


def connect_pictures(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, panel = service.models, PanelUpdates(parts, controls, words)
    shown_model = ModelUpdates(parts, controls, models, words)

    def fill(path: Path, current: str, given: Given | None, mask: Any) -> dict[Any, Any]:
        """Fill in the settings of a picture. A given picture stays if they start from it."""
        values, line, settings = refill(path, models, current, words)
        model = models.describe(values[MODEL.name])
        own = {each.name: values[each.name] for each in (*REPLACED, STRENGTH, ENLARGE)}
        if given and given.sha256 == settings.image_sha256:
            shown = panel.fill(given, model, own)
            if settings.mask_sha256 != given.mask_sha256(path_of(mask)):
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
            parts.status: said(line),
        }

    def use(pictures: Any, index: Any, finished: Any, current: str, given: Given | None, mask: Any) -> dict[Any, Any]:
        paths, name = paths_of(pictures, finished), chosen_model(current, models)
        try:
            return fill(picture_at(paths, index, words), name, given, mask)
        except SanaError as error:
            return {parts.status: said(words.error(error))}

    def drop(file: dict[str, Any] | None, current: str, given: Given | None, mask: Any) -> dict[Any, Any]:
        if file is None:
            return {parts.drop: None}
        path, name = Path(file["path"]), chosen_model(current, models)
        try:
            shown = {parts.pictures: [path], parts.selected: 0, parts.finished: 1}
            return {**fill(path, name, given, mask), **shown, parts.drop: None}
        except SanaError as error:
            return {parts.status: said(words.error(error)), parts.drop: None}

    def pin(pictures: Any, index: int, finished: int) -> dict[Any, Any]:
        paths = paths_of(pictures, finished)
        try:
            path = picture_at(paths, index, words)
        except SanaError as error:
            return {parts.status: said(words.error(error))}
        return {parts.pinned: str(path), parts.status: said(words.pinned)}

    def lay_over(pictures: Any, index: int, finished: int, pinned: str | None) -> dict[Any, Any]:
        """Show the slider once a picture other than the pinned one is selected."""
        paths = paths_of(pictures, finished)
        try:
            path = picture_at(paths, index, words)
            if pinned is None or not Path(pinned).is_file() or is_same_picture(Path(pinned), path):
                return {parts.comparison: gr.skip()}
            captions = "".join(f"<span>{_caption(each, words)}</span>" for each in (Path(pinned), path))
        except (SanaError, OSError):  # OSError: the file was deleted meanwhile
            return {parts.comparison: gr.skip()}
        return {
            parts.comparison: gr.update(visible=True),
            parts.slider: (Path(pinned), path),
            parts.captions: f'<div class="captions">{captions}</div>',
        }

    def said(line: str) -> dict[str, Any]:
        return Status("note", line).record()

    filling = list(dict.fromkeys([*controls.values(), *panel.outputs, *shown_model.outputs, parts.status]))
    selected = [parts.pictures, parts.selected, parts.finished]
    start = [controls[MODEL.name], parts.given, controls[MASK_IMAGE.name]]
    plain: dict[str, Any] = {"preprocess": False, **QUIET}  # Gradio's own would leave copies of files behind
    using: dict[str, Any] = {"inputs": [*selected, *start], "outputs": filling, "js": with_mask(5), **plain}
    panel.say_kept(parts.use.click(use, **using))
    # Focus the prompt, which the visitor wants to change next.
    panel.say_kept(parts.same_seed.click(use, **using)).then(
        None, None, None, js=f"() => {{ document.querySelector('#{PROMPT.name} textarea').focus(); }}", **QUIET
    )
    dropped = [*filling, parts.pictures, parts.selected, parts.finished, parts.drop]
    panel.say_kept(parts.drop.upload(drop, [parts.drop, *start], dropped, js=with_mask(3), **plain))
    parts.compare.click(pin, selected, [parts.pinned, parts.status], **plain)
    gr.on(
        [parts.pictures.change, parts.selected.change],
        lay_over,
        [*selected, parts.pinned],
        [parts.comparison, parts.slider, parts.captions],
        **plain,
    ).then(None, None, None, js=SHOW_COMPARISON, **QUIET)
    parts.end_compare.click(lambda: (None, gr.update(visible=False)), None, [parts.pinned, parts.comparison], **QUIET)


def _caption(path: Path, words: English) -> str:
    """Return a caption of numbers only, so without markup, for a picture in a comparison."""
    settings = read_settings(path)
    return words.picture_caption(
        settings.num_inference_steps, settings.guidance_scale, settings.seed, settings.width, settings.height
    )
