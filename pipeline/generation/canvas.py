"""A larger canvas for a picture: room at its sides that inpainting then fills."""

import numpy as np
from PIL import Image, ImageFilter

from ..domain.errors import SettingsError
from ..domain.limits import MAX_GIVEN_PIXELS
from ..domain.picture_parameters import IMAGE
from ..domain.problems import Problem
from .given_picture import GivenPicture

BLUR = 16  # pixels; chosen: the mirrored picture gives colours to begin with, and no shapes to repeat


def extend_canvas(
    image: Image.Image, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0
) -> tuple[Image.Image, Image.Image]:
    """Return the picture on a canvas that is larger by these pixels, and a mask that is white on what is new.

    The new area shows the picture mirrored and blurred. `pipe(prompt, image=..., mask_image=...)` with both draws it.

    Raises:
        SettingsError: the picture cannot be read, a side is negative, or the canvas is too large.
    """
    pixels = GivenPicture.of(image).pixels
    height, width, _ = pixels.shape
    if min(left, top, right, bottom) < 0:
        raise SettingsError(Problem("negative side", {}))
    if (width + left + right) * (height + top + bottom) > MAX_GIVEN_PIXELS:
        raise SettingsError(Problem("too many pixels", {"noun": IMAGE.noun, "maximum": MAX_GIVEN_PIXELS // 10**6}))
    sides = (top, bottom), (left, right)
    mirrored = Image.fromarray(np.pad(pixels, (*sides, (0, 0)), mode="symmetric"))
    canvas = mirrored.filter(ImageFilter.GaussianBlur(BLUR))
    canvas.paste(Image.fromarray(pixels), (left, top))
    mask = np.pad(np.zeros((height, width), np.uint8), sides, constant_values=255)
    return canvas, Image.fromarray(mask)
