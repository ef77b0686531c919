"""The events of pictures: reuse of their settings, comparison, and pictures dropped on the page."""

from pathlib import Path
from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.settings import MODEL, PROMPT
from ..generation.metadata import read_settings
from ..jobs.service import GenerationService
from .controls import Controls, filled
from .picture_settings import is_same_picture, picture_at, refill
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
    models = service.models

    def fill(path: Path, current: str) -> dict[Any, Any]:
        values, line = refill(path, models, current, words)
        model = models.describe(values["model"])
        return {**controls.updates(filled(values, model, words)), parts.status: said(line)}

    def use(pictures: Any, index: int, finished: int, current: str) -> dict[Any, Any]:
        try:
            return fill(picture_at(pictures, index, finished, words), models.find(current))
        except SanaError as error:
            return {parts.status: said(words.error(error))}

    def drop(file: dict[str, Any] | None, current: str) -> dict[Any, Any]:
        if file is None:
            return {parts.drop: None}
        path = Path(file["path"])
        try:
            shown = {parts.pictures: [path], parts.selected: 0, parts.finished: 1}
            return {**fill(path, models.find(current)), **shown, parts.drop: None}
        except SanaError as error:
            return {parts.status: said(words.error(error)), parts.drop: None}

    def pin(pictures: Any, index: int, finished: int) -> dict[Any, Any]:
        try:
            path = picture_at(pictures, index, finished, words)
        except SanaError as error:
            return {parts.status: said(words.error(error))}
        return {parts.pinned: str(path), parts.status: said(words.pinned)}

    def lay_over(pictures: Any, index: int, finished: int, pinned: str | None) -> dict[Any, Any]:
        """Show the slider once a picture other than the pinned one is selected."""
        try:
            path = picture_at(pictures, index, finished, words)
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

    filling = [*controls.values(), parts.status]
    selected = [parts.pictures, parts.selected, parts.finished]
    menu = controls[MODEL.name]
    parts.use.click(use, [*selected, menu], filling, **QUIET)
    # Focus the prompt, which the visitor wants to change next.
    parts.same_seed.click(use, [*selected, menu], filling, **QUIET).then(
        None, None, None, js=f"() => {{ document.querySelector('#{PROMPT.name} textarea').focus(); }}", **QUIET
    )
    dropped = [*filling, parts.pictures, parts.selected, parts.finished, parts.drop]
    # Gradio's own preprocessing of a file would leave an empty file behind.
    parts.drop.upload(drop, [parts.drop, menu], dropped, preprocess=False, **QUIET)
    parts.compare.click(pin, selected, [parts.pinned, parts.status], **QUIET)
    gr.on(
        [parts.pictures.change, parts.selected.change],
        lay_over,
        [*selected, parts.pinned],
        [parts.comparison, parts.slider, parts.captions],
        **QUIET,
    ).then(None, None, None, js=SHOW_COMPARISON, **QUIET)
    parts.end_compare.click(lambda: (None, gr.update(visible=False)), None, [parts.pinned, parts.comparison], **QUIET)


def _caption(path: Path, words: English) -> str:
    """Return a caption of numbers only, so without markup, for a picture in a comparison."""
    settings = read_settings(path)
    return words.picture_caption(
        settings.num_inference_steps, settings.guidance_scale, settings.seed, settings.width, settings.height
    )
