"""The events of the settings: shapes and sizes, styles, examples, the seed, and what a link fills in."""

from typing import Any

import gradio as gr

from ..domain.errors import SanaError
from ..domain.presets import OF_PRESET, preset_of, presets
from ..domain.problems import Problem
from ..domain.request import BATCH_INDEX
from ..domain.resolutions import shape_of, shapes
from ..domain.settings import MODEL, NUM_IMAGES, PROMPT, RANDOM_SEED, RANDOMIZE_SEED, SEED, STYLE
from ..domain.size_parameters import HEIGHT, WIDTH
from ..domain.styles import NO_STYLE
from ..domain.variation_parameters import VARIATION_STRENGTH
from ..jobs.service import GenerationService
from .controls import Controls
from .examples import examples
from .fields import UndoableFields
from .queueing import LATEST, QUIET
from .words import English


def connect_settings(parts: Any, controls: Controls, service: GenerationService, words: English) -> None:
    models, undoable = service.models, UndoableFields(parts, controls)

    def size_of(shape: str | None, model: str | None) -> Any:
        offered = shapes(models.describe(models.find(model)))
        return offered[shape] if shape in offered else (gr.skip(), gr.skip())

    def shape(width: object, height: object, model: object) -> str | None:
        return shape_of(width, height, models.describe(models.find(model)))

    def of_preset(preset: str | None, model: str | None) -> Any:
        offered = presets(models.describe(models.find(model)))
        return [offered[preset][name] if preset in offered else gr.skip() for name in OF_PRESET]

    def preset(*values: Any) -> str | None:
        *own, model = values
        return preset_of(dict(zip(OF_PRESET, own, strict=True)), models.describe(models.find(model)))

    def effect(style: str | None, model: str | None) -> str:
        has_negative_prompt = models.describe(models.find(model)).family.has_negative_prompt
        return words.style_effect(style or NO_STYLE, has_negative_prompt)

    def example(place: Any, *values: Any) -> dict[Any, Any]:
        """Fill in the prompt of the example at a place among those of the model; the browser then draws it."""
        fields = undoable.read(values)
        rows = examples(models.describe(models.find(fields.menu)))
        if isinstance(place, bool) or not isinstance(place, int) or place not in range(len(rows)):
            raise SanaError(Problem("event kind", {}))
        return {controls[PROMPT.name]: rows[place][0], **undoable.keep(fields)}

    menu, sizes = controls[MODEL.name], [controls[WIDTH.name], controls[HEIGHT.name]]
    parts.shape.input(size_of, [parts.shape, menu], sizes, **LATEST)
    gr.on([each.change for each in sizes], shape, [*sizes, menu], parts.shape, preprocess=False, **QUIET)
    chosen = [controls[name] for name in OF_PRESET]
    parts.preset.input(of_preset, [parts.preset, menu], chosen, **LATEST)
    gr.on([each.change for each in chosen], preset, [*chosen, menu], parts.preset, preprocess=False, **QUIET)
    style = controls[STYLE.name]
    gr.on([style.change, menu.change], effect, [style, menu], parts.adds, **QUIET)
    filled = parts.examples.click(
        example,
        [parts.examples, *undoable.inputs],
        [controls[PROMPT.name], *undoable.outputs],
        js=undoable.script(1),
        preprocess=False,
        **QUIET,
    )
    filled.success(None, None, None, js="() => { window.sana.draw(); }", **QUIET)
    seed, randomize_seed = controls[SEED.name], controls[RANDOMIZE_SEED.name]
    seed.input(None, seed, randomize_seed, js=f"seed => seed === {RANDOM_SEED}", **QUIET)
    parts.reuse.click(None, None, randomize_seed, js="() => false", **QUIET)
    # With another seed or number of pictures, the picture of an earlier version no longer applies.
    drawn_together = controls[BATCH_INDEX]
    changes = [each.input for each in (seed, randomize_seed, controls[NUM_IMAGES.name])]
    gr.on(changes, None, None, drawn_together, js="() => null", **QUIET)
    # Random pictures would be variations of one another.
    strength = controls[VARIATION_STRENGTH.name]
    kept = "(is_random, strength) => is_random ? 0 : strength"
    randomize_seed.input(None, [randomize_seed, strength], strength, js=kept, **QUIET)
