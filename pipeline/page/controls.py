"""The controls of the page, made from the table of parameters and fitted to a model."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from ..domain.bins import has_bins
from ..domain.model import ModelDescription
from ..domain.parameters import Choice, Number, Parameter, Picture, Pixels, Switch, Text, WholeNumber
from ..domain.picture_parameters import IMAGE, MASK_IMAGE, PICTURE_PARAMETERS, STRENGTH
from ..domain.presets import PRESET, presets
from ..domain.request import BATCH_INDEX
from ..domain.resolutions import shape_of, shapes
from ..domain.schedule_parameters import SCHEDULE_PARAMETERS, TIMESTEPS, OptionalNumber, Times
from ..domain.settings import (
    DRAFT_DECODE,
    NEGATIVE_PROMPT,
    NUM_IMAGES,
    NUM_INFERENCE_STEPS,
    PARAMETERS,
    PROMPT,
    RANDOM_SEED,
    RANDOMIZE_SEED,
    SEED,
    SETTINGS,
    STYLE,
    GenerationSettings,
)
from ..domain.size_parameters import HEIGHT, SIZE_MULTIPLE, USE_RESOLUTION_BINNING, WIDTH
from ..domain.styles import NO_STYLE, STYLES, split_style
from ..domain.variation_parameters import VARIATION_PARAMETERS, VARIATION_SEED
from .words import English

COMPONENTS: dict[type[Parameter], Any] = {
    Text: gr.Textbox,
    WholeNumber: gr.Slider,
    Number: gr.Slider,
    OptionalNumber: gr.Textbox,  # gr.Number makes 0 of None when it is first shown
    Times: gr.Textbox,
    Pixels: gr.Number,
    Switch: gr.Checkbox,
    Choice: gr.Dropdown,
    Picture: gr.File,
}
OWN_COMPONENTS: dict[str, Any] = {SEED.name: gr.Number, VARIATION_SEED.name: gr.Number, IMAGE.name: gr.Image}
MAX_LINES = 12  # of the prompt field; chosen
SAME_FOR_ALL_MODELS = (PROMPT, SEED, NUM_IMAGES, *PICTURE_PARAMETERS, *VARIATION_PARAMETERS)


class Controls(dict[str, Any]):
    """The components by parameter name, and one for the batch index of pictures of earlier versions."""

    def add(self, parameter: Parameter, model: ModelDescription, words: English, **changes: Any) -> Any:
        """Make and return the component of a parameter; `changes` override its properties."""
        component = OWN_COMPONENTS.get(parameter.name) or COMPONENTS[type(parameter)]
        self[parameter.name] = component(**{**properties(parameter, model, words), **changes})
        return self[parameter.name]

    def of_parameters(self) -> dict[str, Any]:
        """Return the components in the order of the table."""
        return {parameter.name: self[parameter.name] for parameter in PARAMETERS}

    def updates(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        """Return `values`, keyed by parameter name, keyed by component as handlers return them."""
        return {self[name]: value for name, value in values.items()}


def properties(parameter: Parameter, model: ModelDescription, words: English) -> dict[str, Any]:
    """Return the properties of a parameter's control for a model: label, value, limits, visibility."""
    common: dict[str, Any] = {"label": words.label(parameter)}
    if parameter is not PROMPT:  # the only parameter without a default
        common["value"] = model.default(parameter)
    match parameter:
        case Text():
            common |= {"lines": 1, "max_lines": MAX_LINES if parameter is PROMPT else 6}
        case Pixels(step=step):
            common |= {**_size_limits(parameter, model, words), "step": step}
        case WholeNumber():
            common |= {"minimum": parameter.minimum, "maximum": parameter.maximum, "step": 1, "precision": 0}
        case OptionalNumber():
            common |= {"max_lines": 1}
        case Number():
            common |= {"minimum": parameter.minimum, "maximum": parameter.maximum, "step": parameter.step}
    return common | _special(parameter, model, words)


def fit(model: ModelDescription, words: English) -> dict[str, Any]:
    """Return the updates that fit the controls to a model, by parameter name."""
    own = (parameter for parameter in SETTINGS if parameter not in SAME_FOR_ALL_MODELS)
    updates = {parameter.name: gr.update(**properties(parameter, model, words)) for parameter in own}
    return updates if model.takes_styles else {**updates, STYLE.name: gr.update(value=NO_STYLE)}


def carried_over(values: Mapping[str, Any], before: ModelDescription, model: ModelDescription) -> dict[str, Any]:
    """Return those of `values` that a visitor has set, no defaults of the model `before`, and that `model` allows."""
    own = [each for each in SETTINGS if each not in SAME_FOR_ALL_MODELS]
    set_by_visitor = {each.name: each.normalize(values[each.name]) for each in own}
    changed = {
        each.name: set_by_visitor[each.name] for each in own if set_by_visitor[each.name] != before.default(each)
    }
    return {name: value for name, value in changed.items() if not model.problems({name: value})}


def filled(values: Mapping[str, Any], model: ModelDescription | None, words: English) -> dict[str, Any]:
    """Return the updates that put values into controls, by parameter name; if `model` is given, fit them to it too."""
    updates = fit(model, words) if model else {}
    return updates | {name: gr.update(**{**updates.get(name, {}), "value": value}) for name, value in values.items()}


def size_limits(model: ModelDescription, words: English, has_picture: bool) -> dict[str, dict[str, Any]]:
    """Return the limits of the sizes, by parameter name: larger pictures can be drawn from a given one."""
    return {each.name: _size_limits(each, model, words, has_picture) for each in (WIDTH, HEIGHT)}


def values_of(settings: GenerationSettings, model: ModelDescription) -> dict[str, Any]:
    """Return the values of the controls that reproduce these settings, with the style taken out of the prompts.

    Where no style is offered, its words stay in the prompts.
    """
    style, prompt, negative_prompt = NO_STYLE, settings.prompt, settings.negative_prompt
    if model.takes_styles:
        style, prompt, negative_prompt = split_style(prompt, negative_prompt, model.family)
    own = {"prompt": prompt, "negative_prompt": negative_prompt, "style": style, "randomize_seed": False}
    values = {name: value for name, value in settings.values().items() if name not in (IMAGE.name, MASK_IMAGE.name)}
    times = {TIMESTEPS.name: TIMESTEPS.spell(settings.timesteps)}
    return {**values, **own, **times, BATCH_INDEX: settings.batch_index}


def shape_choices(model: ModelDescription, words: English) -> dict[str, Any]:
    """Return the properties of the shape control: a model's shapes, and the one of its default size."""
    width, height = (model.default(side) for side in (WIDTH, HEIGHT))
    choices = [(words.key_label(name, name), name) for name in shapes(model)]
    return {"choices": choices, "value": shape_of(width, height, model)}


def preset_choices(model: ModelDescription, words: English) -> dict[str, Any]:
    """Return the properties of the preset control: a model's presets and their steps. A single one is not shown."""
    offered = presets(model)
    return {
        "choices": [(words.key_label(name, name.capitalize()), name) for name in offered],
        "info": words.presets({name: values[NUM_INFERENCE_STEPS.name] for name, values in offered.items()}),
        "value": PRESET.default,
        "visible": len(offered) > 1,
    }


def _size_limits(
    parameter: Parameter, model: ModelDescription, words: English, has_picture: bool = False
) -> dict[str, Any]:
    limits = model.limits(parameter, has_picture)
    return {**limits, "info": words.size_hint(**limits, step=SIZE_MULTIPLE)}


def _special(parameter: Parameter, model: ModelDescription, words: English) -> dict[str, Any]:
    if parameter is NEGATIVE_PROMPT:
        has_one = model.family.has_negative_prompt
        return {"info": words.negative_prompt_hint(has_one), "interactive": has_one}
    if parameter is STYLE:
        labels = {key: words.no_style if key == NO_STYLE else style.label for key, style in STYLES.items()}
        return {"choices": [(words.key_label(key, label), key) for key, label in labels.items()]}
    if parameter is STRENGTH:
        return {"value": model.family.image_strength}
    if parameter is SEED:
        return {"minimum": RANDOM_SEED}
    if parameter is RANDOMIZE_SEED:
        return {"value": True}  # random until the visitor types a seed
    if parameter is USE_RESOLUTION_BINNING:
        return {"visible": has_bins(model.native_size)}
    if parameter in SCHEDULE_PARAMETERS:
        return {"visible": parameter.name in model.family.schedule, "info": words.schedule_hints[parameter.name]}
    if parameter is DRAFT_DECODE:
        return {"visible": model.has_draft_decoder}
    return {}
