"""The settings of a generation: the table of all parameters, and the record of checked settings."""

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import SettingsError
from .parameters import MEMORY, PIXELS, TIME, Choice, Number, Parameter, Switch, Text, WholeNumber
from .picture_parameters import (
    ENLARGE,
    MASK_BLUR,
    MASK_GROW,
    MASK_INVERT,
    PICTURE_PARAMETERS,
    STRENGTH,
    first_step,
)
from .schedule_parameters import SCHEDULE_PARAMETERS
from .size_parameters import HEIGHT, USE_RESOLUTION_BINNING, WIDTH
from .styles import NO_STYLE, STYLES
from .variation_parameters import MAX_SEED, VARIATION_PARAMETERS, VARIATION_SEED, VARIATION_STRENGTH, last_seed_problem

MAX_STEPS = 100  # chosen: five times the models' default
RANDOM_SEED = -1  # in a request: take a random seed, as in other image generators
MAX_PROMPT = 10_000  # characters; chosen: far more than the 300 tokens that the text encoder keeps
_ALL = frozenset({TIME, MEMORY, PIXELS})

PROMPT = Text(
    "prompt",
    "Prompt",
    "prompt",
    "What to draw, in up to 10,000 characters; the model reads about the first 300 tokens.",
    default="",
    setting="prompt",
    affects=frozenset({PIXELS}),
    maximum=MAX_PROMPT,
    required=True,
)
NEGATIVE_PROMPT = Text(
    "negative_prompt",
    "Negative prompt",
    "negative prompt",
    "What to avoid. Sprint models have none and refuse one.",
    default="",
    setting="negative_prompt",
    affects=frozenset({PIXELS}),
    maximum=MAX_PROMPT,
)
STYLE = Choice(
    "style",
    "Style",
    "style",
    '"none", or one of the styles that the page offers, for example "cinematic".',
    default=NO_STYLE,
    affects=frozenset({PIXELS}),
    choices=tuple(STYLES),
    aliases={style.label: name for name, style in STYLES.items()},
)
NUM_INFERENCE_STEPS = WholeNumber(
    "num_inference_steps",
    "Steps",
    "number of steps",
    "Denoising steps, 1 to 100.",
    default=20,
    setting="num_inference_steps",
    affects=frozenset({TIME, PIXELS}),
    minimum=1,
    maximum=MAX_STEPS,
)
GUIDANCE_SCALE = Number(
    "guidance_scale",
    "Guidance",
    "guidance scale",
    "How closely to follow the prompt, 0 to 20; 1 or less means no guidance.",
    default=4.5,
    setting="guidance_scale",
    affects=_ALL,
    minimum=0.0,
    maximum=20.0,
    step=0.1,
)
SEED = WholeNumber(
    "seed",
    "Seed",
    "seed",
    "0 to 4294967295; the same seed and settings give the same picture, byte for byte. Picture k of a request, "
    "counted from 0, is drawn with seed + k, of a variation with variation_seed + k. -1 takes another seed each time, "
    "as randomize_seed does.",
    default=0,
    setting="seed",
    affects=frozenset({PIXELS}),
    minimum=0,
    maximum=MAX_SEED,
)
RANDOMIZE_SEED = Switch(
    "randomize_seed",
    "Random seed",
    "randomize_seed",
    "Take another seed each time, and return it.",
    default=False,
    affects=frozenset({PIXELS}),
)
NUM_IMAGES = WholeNumber(
    "num_images",
    "Pictures",
    "number of images",
    "Pictures to draw one after another, 1 to 8.",
    default=1,
    setting="num_images_per_prompt",
    affects=frozenset({TIME}),
    minimum=1,
    maximum=8,
)
MODEL = Choice("model", "Model", "model", "A model of the page's menu; empty stands for the first.", default="")
DRAFT_DECODE = Switch(
    "draft_decode",
    "Draft decode: much faster, fine detail simplified",
    "Draft decoding",
    "Use the model's draft decoder, where it has one.",
    default=False,
    setting="draft_decode",
    affects=_ALL,
)

PARAMETERS: tuple[Parameter, ...] = (  # in the order of `/generate`; clients send the first ten by position
    *(PROMPT, NEGATIVE_PROMPT, STYLE, WIDTH, HEIGHT, NUM_INFERENCE_STEPS, GUIDANCE_SCALE),
    *(SEED, RANDOMIZE_SEED, NUM_IMAGES, MODEL, USE_RESOLUTION_BINNING, DRAFT_DECODE),
    *PICTURE_PARAMETERS,
    *SCHEDULE_PARAMETERS,
    *VARIATION_PARAMETERS,
)
SETTINGS = tuple(parameter for parameter in PARAMETERS if parameter.setting)
OF_MODEL = (WIDTH, HEIGHT, NUM_INFERENCE_STEPS, GUIDANCE_SCALE, STRENGTH)
"""The parameters whose defaults depend on the model, and on whether a picture is given."""


@dataclass(frozen=True)
class GenerationSettings:
    """The checked settings of a generation: the same model and settings give the same pictures.

    Picture k of `num_images_per_prompt`, counted from 0, equals a single picture of `seed` + k; of a variation, one of
    `variation_seed` + k. Earlier versions drew all pictures together, from the noise of one generator; `batch_index`,
    present only in their files, selects one.
    With `image_sha256` they start from the picture whose pixels have this hash, with `mask_sha256` only where the mask
    is white.

    Raises:
        SettingsError: for the first setting out of range.
    """

    prompt: str
    negative_prompt: str = NEGATIVE_PROMPT.default
    width: int = WIDTH.default
    height: int = HEIGHT.default
    num_inference_steps: int = NUM_INFERENCE_STEPS.default
    guidance_scale: float = GUIDANCE_SCALE.default
    seed: int = SEED.default
    num_images_per_prompt: int = NUM_IMAGES.default
    use_resolution_binning: bool = USE_RESOLUTION_BINNING.default
    draft_decode: bool = DRAFT_DECODE.default
    image_sha256: str | None = None
    mask_sha256: str | None = None
    strength: float = STRENGTH.default
    mask_grow: int = MASK_GROW.default
    mask_blur: int = MASK_BLUR.default
    mask_invert: bool = MASK_INVERT.default
    enlarge: bool = ENLARGE.default
    max_timesteps: float | None = None
    intermediate_timesteps: float | None = None
    timesteps: tuple[float, ...] | None = None
    flow_shift: float | None = None
    variation_seed: int = VARIATION_SEED.default
    variation_strength: float = VARIATION_STRENGTH.default
    batch_index: int | None = None

    def __post_init__(self) -> None:
        for name, value in self.values().items():
            parameter = _BY_NAME[name]
            normalized = parameter.normalize(value)  # browsers write 4.0 as 4; NumPy's numbers are no ints
            may_be_empty = parameter is PROMPT and self.image_sha256 is not None
            if problem := parameter.problem(normalized, **({"required": False} if may_be_empty else {})):
                raise SettingsError(problem)
            object.__setattr__(self, str(parameter.setting), normalized)
        object.__setattr__(self, "batch_index", SEED.normalize(self.batch_index))
        images = self.num_images_per_prompt
        if self.batch_index is not None:
            position = dataclasses.replace(NUM_IMAGES, noun="batch index", minimum=0, maximum=images - 1)
            problem = position.problem(self.batch_index)
        else:
            counting = counting_seed(self.values())
            problem = last_seed_problem(counting, getattr(self, counting.name), images)
        if problem:
            raise SettingsError(problem)

    def values(self) -> dict[str, Any]:
        """Return the values by parameter name."""
        return {parameter.name: getattr(self, str(parameter.setting)) for parameter in SETTINGS}

    @property
    def first_step(self) -> int:
        """The index of the first denoising step that is run: 0 unless a picture is given."""
        return first_step(self.num_inference_steps, self.strength)

    @property
    def picture_count(self) -> int:
        """The number of pictures that these settings draw."""
        return self.num_images_per_prompt if self.batch_index is None else 1

    def of_picture(self, index: int) -> "GenerationSettings":
        """Return the settings that draw only picture `index`, counted from 0."""
        if self.picture_count == 1:
            return self
        counting = counting_seed(self.values()).name
        return dataclasses.replace(self, num_images_per_prompt=1, **{counting: getattr(self, counting) + index})


def random_seed() -> int:
    """Return a random seed, small enough for the largest number of pictures."""
    return random.randint(0, MAX_SEED - NUM_IMAGES.maximum + 1)


def counting_seed(values: Mapping[str, Any]) -> Parameter:
    """Return the seed that differs between the pictures of a request, from its values by parameter name."""
    return VARIATION_SEED if values[VARIATION_STRENGTH.name] else SEED


_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}
