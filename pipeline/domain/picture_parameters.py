"""The parameters of a request that starts from a picture: the picture, a mask, and how much is drawn anew."""

from .parameters import PIXELS, TIME, Number, Parameter, Picture, Switch, WholeNumber

ENLARGE_STRENGTH = 0.1  # measured on the miniature: at 0.2 it is no nearer to a true large drawing than Lanczos is
MAX_REACH = 256  # pixels that a mask may grow or its seam be wide; chosen: a quarter of the models' usual side

IMAGE = Picture(
    "image",
    "Picture",
    "picture",
    "A picture to start from: PNG, JPEG, WebP, GIF, BMP or TIFF.",
    default=None,
    setting="image_sha256",
    affects=frozenset({TIME, PIXELS}),
)
MASK_IMAGE = Picture(
    "mask_image",
    "Mask",
    "mask",
    "A picture of the same size: white is drawn anew, black is kept. Without one, all is drawn anew.",
    default=None,
    setting="mask_sha256",
    affects=frozenset({PIXELS}),
)
STRENGTH = Number(
    "strength",
    "Strength",
    "strength",
    "How much of the picture is drawn anew, 0.01 to 1: the share of the steps that are run. Only with image.",
    default=1.0,
    setting="strength",
    affects=frozenset({TIME, PIXELS}),
    minimum=0.01,  # 0 would leave no step
    maximum=1.0,
    step=0.01,
)
MASK_GROW = WholeNumber(
    "mask_grow",
    "Grow the mask",
    "growth of the mask",
    "By how many pixels the mask grows to all sides, 0 to 256. Only with mask_image.",
    default=8,
    setting="mask_grow",
    affects=frozenset({PIXELS}),
    minimum=0,
    maximum=MAX_REACH,
)
MASK_BLUR = WholeNumber(
    "mask_blur",
    "Soften the seam",
    "width of the seam",
    "How wide the seam around the mask is, in pixels, 0 to 256: there new and old fade into each other. Only with "
    "mask_image.",
    default=24,
    setting="mask_blur",
    affects=frozenset({PIXELS}),
    minimum=0,
    maximum=MAX_REACH,
)
MASK_INVERT = Switch(
    "mask_invert",
    "Invert: keep what is painted",
    "Mask inversion",
    "Draw anew what is black in the mask instead. Only with mask_image.",
    default=False,
    setting="mask_invert",
    affects=frozenset({PIXELS}),
)

ENLARGE = Switch(
    "enlarge",
    "Enlarge: detail is drawn anew, the rest stays",
    "Enlarging",
    f"Draw the picture larger, by default at twice its size and a strength of {ENLARGE_STRENGTH}: seen at its old "
    "size, it stays as it was. Only with image.",
    default=False,
    setting="enlarge",
    affects=frozenset({PIXELS}),
)

PICTURE_PARAMETERS: tuple[Parameter, ...] = (IMAGE, MASK_IMAGE, STRENGTH, MASK_GROW, MASK_BLUR, MASK_INVERT, ENLARGE)

SOME_PICTURE = "0" * 64
"""Stands for the hash of a picture where its pixels do not matter, as for an estimate."""


def first_step(num_inference_steps: int, strength: float) -> int:
    """Return the index of the first step that is run; the steps before it are left out.

    As `get_timesteps` of diffusers' image-to-image pipelines computes it.
    """
    return int(max(num_inference_steps - min(num_inference_steps * strength, num_inference_steps), 0))


def kept_steps(num_inference_steps: int, strength: float) -> int:
    """Return the number of steps that are run."""
    return num_inference_steps - first_step(num_inference_steps, strength)
