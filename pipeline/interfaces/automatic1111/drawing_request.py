"""A request for pictures as AUTOMATIC1111's clients send it, and what it means here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...domain.families import SPRINT
from ...domain.parameters import Parameter
from ...domain.picture_parameters import IMAGE, MASK_BLUR, MASK_IMAGE, MASK_INVERT, STRENGTH
from ...domain.problems import Problem
from ...domain.settings import (
    GUIDANCE_SCALE,
    MODEL,
    NEGATIVE_PROMPT,
    NUM_IMAGES,
    NUM_INFERENCE_STEPS,
    PROMPT,
    RANDOM_SEED,
    SEED,
    STYLE,
    random_seed,
)
from ...domain.size_parameters import HEIGHT, WIDTH
from ...domain.styles import STYLES
from ...domain.variation_parameters import VARIATION_SEED, VARIATION_STRENGTH
from ...jobs.models import Models
from ..bodies import picture_file
from ..refused import Refused, refused
from .prompt_syntax import plain_prompt
from .webui_lists import SAMPLER, SCHEDULERS

# What its clients send whether or not anybody has chosen it.
STEPS, CFG_SCALE, SIDE, BLUR = 20, 7, 512, 4
MOST_SPRINT_STEPS = 4  # more is a setting for other models: Open WebUI sends 50
CHECKPOINT, OVERRIDES = "sd_model_checkpoint", "override_settings"
# Sent by clients in each request, and without effect at these values or where they are empty.
_WITHOUT_EFFECT: Mapping[str, tuple[object, ...]] = {
    "denoising_strength": (0.7, 0.75),  # of txt2img, where it is for a second pass
    "eta": (1.0,),
    "hr_scale": (2,),
    "hr_upscaler": ("Latent",),
    "image_cfg_scale": (1.5,),
    "include_init_images": (True,),
    "initial_noise_multiplier": (1,),
    "inpaint_full_res_padding": (0, 32),
    "inpainting_fill": (1,),
    "override_settings_restore_afterwards": (True,),
    "s_noise": (1,),
    "sampler_index": (SAMPLER, SAMPLER.lower()),
    "sampler_name": (SAMPLER, SAMPLER.lower()),
    "scheduler": SCHEDULERS,
    "seed_resize_from_h": (-1,),
    "seed_resize_from_w": (-1,),
    "send_images": (True, False),
    "subseed": (-1,),
    "subseed_strength": (0, -1),
    "do_not_save_grid": (True,),
    "do_not_save_samples": (True,),
}


@dataclass(frozen=True)
class DrawingRequest:
    """`values` are for the service; `ignored` names fields, and parts of prompts, without effect."""

    values: Mapping[str, Any]
    ignored: list[str]
    model: str


def read_drawing(fields: Mapping[str, Any], models: Models, chosen: str | None, is_strict: bool) -> DrawingRequest:
    """Read the fields of a request; `chosen` is the client's model.

    Raises:
        Refused: a field that does not reach the service is refused. The service checks the others.
    """
    given = dict(fields)
    overrides = given.pop(OVERRIDES, {})
    if not isinstance(overrides, dict):
        raise refused(Problem("no object", {"noun": OVERRIDES}), OVERRIDES)
    overrides = dict(overrides)
    model, ignored = find_checkpoint(models, overrides.pop(CHECKPOINT, None), chosen, is_strict)
    values: dict[str, Any] = {MODEL.name: model}
    for parameter in (PROMPT, NEGATIVE_PROMPT):
        text = given.pop(parameter.name, "")
        if problem := parameter.problem(text, required=False):
            raise refused(problem, parameter.name)
        values[parameter.name], taken_out = plain_prompt(text)
        ignored += taken_out
    family = models.describe(model).family
    if not family.has_negative_prompt and values.pop(NEGATIVE_PROMPT.name).strip():
        ignored.append(NEGATIVE_PROMPT.name)  # clients send one of their own to all models
    has_picture = bool(given.get("init_images"))
    values |= {**_numbers(given), **_variation(given)}
    if family is SPRINT and _is_over(values.get(NUM_INFERENCE_STEPS.name), MOST_SPRINT_STEPS):
        del values[NUM_INFERENCE_STEPS.name]
        ignored.append("steps")
    if has_picture:
        values |= _pictures(given)
    styles = given.pop("styles", [])
    known = [style for style in styles if style in STYLES] if isinstance(styles, list) else []
    if known:
        values[STYLE.name] = known[0]
    ignored += ["styles"] if styles and known != styles else []
    ignored += [name for name, value in given.items() if value and value not in _WITHOUT_EFFECT.get(name, ())]
    return DrawingRequest(values, [*ignored, *overrides], model)


def find_checkpoint(models: Models, name: object, chosen: str | None, is_strict: bool) -> tuple[str, list[str]]:
    """Return the name of a model, without a name the client's own, and the names of ignored fields; raise Refused."""
    own = chosen or models.names[0]
    if name in (None, ""):
        return own, []
    problem = models.problem(name)
    if problem is None:
        return models.find(name), []
    if not isinstance(name, str):
        raise refused(problem, CHECKPOINT)
    if is_strict:
        raise Refused(404, problem.sentence, CHECKPOINT)
    return own, [CHECKPOINT]


def _numbers(given: dict[str, Any]) -> dict[str, Any]:
    """Take the numbers out of the fields, and return those that somebody has chosen by this program's names."""
    values: dict[str, Any] = {}
    width, height = given.pop("width", SIDE), given.pop("height", SIDE)
    if (width, height) != (SIDE, SIDE):
        values |= {WIDTH.name: width, HEIGHT.name: height}
    usual: tuple[tuple[str, object, Parameter], ...] = (
        ("steps", STEPS, NUM_INFERENCE_STEPS),
        ("cfg_scale", CFG_SCALE, GUIDANCE_SCALE),
        ("seed", RANDOM_SEED, SEED),
    )
    for name, value, parameter in usual:
        sent = given.pop(name, value)
        if sent != value or parameter is SEED:
            values[parameter.name] = sent
    counts = [given.pop(name, 1) for name in ("batch_size", "n_iter")]
    for count in counts:
        if problem := NUM_IMAGES.problem(NUM_IMAGES.normalize(count)):
            raise refused(problem, "batch_size")
    values[NUM_IMAGES.name] = counts[0] * counts[1]
    return values


def _variation(given: dict[str, Any]) -> dict[str, Any]:
    """Take the variation out of the fields, likewise. Without a strength there is none, and a subseed has no effect."""
    if given.get("subseed_strength") in (None, *_WITHOUT_EFFECT["subseed_strength"]):
        return {}
    strength, seed = given.pop("subseed_strength"), given.pop("subseed", RANDOM_SEED)
    own = random_seed() if seed == RANDOM_SEED else seed
    return {VARIATION_STRENGTH.name: strength, VARIATION_SEED.name: own}


def _pictures(given: dict[str, Any]) -> dict[str, Any]:
    """Take the picture and its mask out of the fields, likewise."""
    pictures = given.pop("init_images")
    first = pictures[0] if isinstance(pictures, list) else pictures
    values: dict[str, Any] = {IMAGE.name: picture_file(first, IMAGE.noun)}
    if isinstance(pictures, list) and len(pictures) > 1:
        given["init_images"] = pictures[1:]
    if "denoising_strength" in given:
        values[STRENGTH.name] = given.pop("denoising_strength")
    if mask := given.pop("mask", None):
        values[MASK_IMAGE.name] = picture_file(mask, MASK_IMAGE.noun)
        blur, inverted = given.pop("mask_blur", BLUR), given.pop("inpainting_mask_invert", 0)
        values |= {} if blur == BLUR else {MASK_BLUR.name: blur}
        values[MASK_INVERT.name] = bool(inverted) if inverted in (0, 1) else inverted
    else:
        for name in ("mask_blur", "inpainting_mask_invert", "inpaint_full_res", "inpainting_fill"):
            given.pop(name, None)
    return values


def _is_over(value: object, most: int) -> bool:
    return isinstance(value, int | float) and most < value < float("inf")
