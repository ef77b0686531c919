"""The extension of a picture's canvas, with new area at its sides for inpainting to fill."""

import numpy as np
from PIL import Image, ImageFilter

from ..domain.errors import SettingsError
from ..domain.limits import MAX_GIVEN_PIXELS
from ..domain.picture_parameters import IMAGE
from ..domain.problems import Problem
from .given_picture import GivenPicture

BLUR = 16  # pixels; chosen: keeps the colours of the mirrored picture as a start, but not its shapes


def extend_canvas(
    image: Image.Image, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0
) -> tuple[Image.Image, Image.Image]:
    """Extend a picture by some pixels at each side; return the new picture, and a mask that is white in the new area.

    The new area shows the picture mirrored and blurred. Draw it with `pipe(prompt, image=..., mask_image=...)`.

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
