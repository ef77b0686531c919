"""What a picture is good for: its settings again, a comparison; and pictures that are dropped on the page."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from ...errors import SanaError
from ...image import read_settings
from ..controls import Controls, filled
from ..models import Models
from ..pictures import model_of, settings_of, shown
from .queueing import QUIET

# It appears below the picture, perhaps out of sight.
SHOW_COMPARISON = """() => {
    const comparison = document.querySelector("#comparison");
    if (comparison && !window.sanaCompares) comparison.scrollIntoView({ behavior: "smooth" });
    window.sanaCompares = Boolean(comparison);
}"""


def connect_pictures(parts: SimpleNamespace, controls: Controls, models: Models) -> None:
    def refill(path: Path, current: str) -> dict[Any, Any]:
        name, line = model_of(path, models, current)
        model = models.describe(name)
        values = {**settings_of(path, model), "model": name}
        return {**controls.updates(filled(values, model)), parts.status: line}

    def use(pictures: Any, index: int, current: str) -> dict[Any, Any]:
        try:
            return refill(shown(pictures, index), current)
        except SanaError as error:
            return {parts.status: str(error)}

    def drop(file: str | None, current: str) -> dict[Any, Any]:
        if file is None:
            return {parts.drop: None}
        try:
            return {**refill(Path(file), current), parts.pictures: [Path(file)], parts.selected: 0, parts.drop: None}
        except SanaError as error:
            return {parts.status: str(error), parts.drop: None}

    def pin(pictures: Any, index: int) -> dict[Any, Any]:
        try:
            path = shown(pictures, index)
        except SanaError as error:
            return {parts.status: str(error)}
        line = "Kept for comparison: now draw or choose another picture, and a slider lays one over the other."
        return {parts.pinned: str(path), parts.status: line}

    def lay_over(pictures: Any, index: int, pinned: str | None) -> dict[Any, Any]:
        """Shows the slider as soon as another picture than the pinned one is there."""
        try:
            path = shown(pictures, index)
        except SanaError:
            return {parts.comparison: gr.skip()}
        if pinned is None or not Path(pinned).is_file() or Path(pinned).read_bytes() == path.read_bytes():
            return {parts.comparison: gr.skip()}
        captions = "".join(f"<span>{_caption(each)}</span>" for each in (Path(pinned), path))
        return {
            parts.comparison: gr.update(visible=True),
            parts.slider: (pinned, str(path)),
            parts.captions: f'<div class="captions">{captions}</div>',
        }

    settings = [*controls.inputs, parts.status]
    parts.use.click(use, [parts.pictures, parts.selected, controls.model], settings, **QUIET)
    # What comes next is a change of the prompt: the cursor waits there.
    parts.same_seed.click(use, [parts.pictures, parts.selected, controls.model], settings, **QUIET).then(
        None, None, None, js="() => { document.querySelector('#prompt textarea').focus(); }", **QUIET
    )
    parts.drop.upload(
        drop, [parts.drop, controls.model], [*settings, parts.pictures, parts.selected, parts.drop], **QUIET
    )
    parts.compare.click(pin, [parts.pictures, parts.selected], [parts.pinned, parts.status], **QUIET)
    gr.on(
        [parts.pictures.change, parts.selected.change],
        lay_over,
        [parts.pictures, parts.selected, parts.pinned],
        [parts.comparison, parts.slider, parts.captions],
        **QUIET,
    ).then(None, None, None, js=SHOW_COMPARISON, **QUIET)
    parts.end_compare.click(lambda: (None, gr.update(visible=False)), None, [parts.pinned, parts.comparison], **QUIET)


def _caption(path: Path) -> str:
    """What tells two pictures apart: numbers only, so nothing in it can be markup."""
    settings = read_settings(path)
    size = f"{settings.width} x {settings.height}"
    return f"{settings.num_inference_steps} steps, guidance {settings.guidance_scale:g}, seed {settings.seed}, {size}"
