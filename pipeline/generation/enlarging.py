"""Enlarging: the detail is drawn, and everything that the given picture shows stays as it is there."""

import numpy as np
from PIL import Image

from .given_picture import GivenPicture


def keep_given(drawn: np.ndarray, given: GivenPicture) -> np.ndarray:
    """Return pixels f32 [H, W, 3] in [0, 1]: drawn ones, corrected so that at the given size they are the given ones.

    One step of iterative back-projection (https://doi.org/10.1016/1049-9652(91)90045-L). On the miniature's scenes more
    steps come less near to the true large drawing.
    """
    height, width = drawn.shape[:2]
    difference = given.pixels.astype(np.float32) / 255 - _resized(drawn, given.size)
    kept: np.ndarray = (drawn + _resized(difference, (width, height))).clip(0, 1)
    return kept


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return f32 [H, W, 3] at another size, width and height in pixels, by Lanczos."""
    channels = [Image.fromarray(np.ascontiguousarray(pixels[..., channel], np.float32)) for channel in range(3)]
    return np.stack([np.asarray(channel.resize(size, Image.Resampling.LANCZOS)) for channel in channels], -1)
