"""The parameters of a variation of a picture: another seed, and how much of its noise is mixed in.

They are AUTOMATIC1111's `subseed` and `subseed_strength`.
"""

from .parameters import PIXELS, Number, Parameter, WholeNumber
from .problems import Problem

MAX_SEED = 2**32 - 1  # of all seeds; chosen: an unsigned 32-bit number, exact in JSON and JavaScript
# Strengths of the page's buttons. Judged on the miniature, 3 prompts with 2 variation seeds each: at 0.1 hardly
# anything changes; at 0.2 outlines do; at 0.5 things are elsewhere and of another shape in the same scene.
SUBTLE, STRONG = 0.2, 0.5

VARIATION_SEED = WholeNumber(
    "variation_seed",
    "Variation seed",
    "variation seed",
    "The seed of the noise that is mixed in, 0 to 4294967295. Only with variation_strength.",
    default=0,
    setting="variation_seed",
    affects=frozenset({PIXELS}),
    minimum=0,
    maximum=MAX_SEED,
)
VARIATION_STRENGTH = Number(
    "variation_strength",
    "Variation strength",
    "variation strength",
    "How much of the first noise is that of variation_seed: 0 none, 1 all. Above 0, all pictures of a request have the "
    "same seed, and picture k, counted from 0, has variation_seed + k.",
    default=0.0,
    setting="variation_strength",
    affects=frozenset({PIXELS}),
    minimum=0.0,
    maximum=1.0,
    step=0.01,
)

VARIATION_PARAMETERS: tuple[Parameter, ...] = (VARIATION_SEED, VARIATION_STRENGTH)


def last_seed_problem(parameter: Parameter, seed: int, images: int) -> Problem | None:
    """Return a problem if the last of `images` pictures needs a seed above MAX_SEED, else None."""
    if seed + images - 1 <= MAX_SEED:
        return None
    facts = {"noun": parameter.noun, "value": seed, "images": images, "maximum": MAX_SEED - images + 1}
    return Problem("last seed", facts)
