"""What the page shows of the chosen model: badge, facts, note, examples and shapes."""

from typing import Any

import gradio as gr

from ..domain.settings import MODEL
from ..jobs.models import Models
from .about import badge, facts, note
from .controls import Controls, preset_choices, shape_choices
from .examples import examples
from .words import English


class ModelUpdates:
    """The updates of what the page shows of a model, by component."""

    def __init__(self, parts: Any, controls: Controls, models: Models, words: English) -> None:
        self._parts, self._models, self._words = parts, models, words
        self.state = [parts.badge, parts.facts]
        shown = [parts.fitted, parts.shape, parts.preset, parts.styles, parts.examples, parts.scene, parts.note]
        self.outputs = [controls[MODEL.name], *shown, *self.state]

    def show(self, name: str) -> dict[Any, Any]:
        """Show another model, and remember that the controls are fitted to it."""
        parts, model = self._parts, self._models.describe(name)
        return {
            parts.fitted: name,
            parts.shape: gr.update(**shape_choices(model, self._words)),
            parts.preset: gr.update(**preset_choices(model, self._words)),
            parts.styles: gr.update(visible=model.takes_styles),
            parts.examples: gr.update(samples=examples(model)),
            parts.scene: gr.update(visible=model.is_miniature),
            parts.note: note(model, self._words),
            **self.about(name),
        }

    def about(self, name: str) -> dict[Any, Any]:
        """Show whether a model is loaded, as far as is known now."""
        models, words, parts = self._models, self._words, self._parts
        model, pipeline = models.describe(name), models.loaded(name)
        device = exact = models.device(name)
        line, share = None, None
        loading = models.loading
        if pipeline:
            device = words.device(device, pipeline.threads)
            exact = f"{device}, {words.precision(pipeline.precision)}"
        elif loading is None or loading.name != name:
            line = words.loaded_when_needed
        else:
            progress = loading.progress
            line = words.error(loading.error) if loading.error else words.preparation(progress, loading.seconds_left)
            share = progress.done / progress.total if progress.done is not None and progress.total else None
        return {parts.badge: badge(model, device, line, words, share), parts.facts: facts(model, exact, words)}
