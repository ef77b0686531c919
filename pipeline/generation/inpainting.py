"""The mask of an inpainting: where latents are drawn anew, and the seam between what is drawn and what is kept."""

import numpy as np
import torch

from ..domain.settings import SIZE_MULTIPLE, GenerationSettings
from .given_picture import GivenPicture


def latent_mask(given: GivenPicture, settings: GenerationSettings, width: int, height: int) -> torch.Tensor:
    """Return f32 [1, 1, h, w] for a generation at `width` x `height` pixels: 1 where latents are drawn anew, else 0.

    A latent position is drawn anew if one of its pixels is, even in part.
    """
    weights = drawn_weights(given, settings, width, height)
    rows, columns = height // SIZE_MULTIPLE, width // SIZE_MULTIPLE
    cells = weights.reshape(rows, SIZE_MULTIPLE, columns, SIZE_MULTIPLE).max((1, 3)) > 0
    return torch.from_numpy(cells.astype(np.float32))[None, None]


def drawn_weights(given: GivenPicture, settings: GenerationSettings, width: int, height: int) -> np.ndarray:
    """Return f32 [height, width] in [0, 1]: how much of each pixel is drawn anew.

    That is 1 where the mask marks it and `mask_grow` pixels around, and falls to exactly 0 over `mask_blur` pixels.
    """
    marked = given.marked(width, height, settings.mask_invert)
    half = settings.mask_blur // 2
    grown = _box_sums(marked, settings.mask_grow + settings.mask_blur - half) > 0
    return (_box_sums(grown, half) / (2 * half + 1) ** 2).astype(np.float32)


def put_back(drawn: np.ndarray, given: GivenPicture, settings: GenerationSettings) -> np.ndarray:
    """Return pixels f32 [H, W, 3] in [0, 1]: drawn ones where the mask asks for them, else exactly the given ones."""
    height, width = drawn.shape[:2]
    weights = drawn_weights(given, settings, width, height)[..., None]
    kept = given.resized(width, height).astype(np.float32) / 255
    return kept + weights * (drawn - kept)


def _box_sums(marked: np.ndarray, radius: int) -> np.ndarray:
    """Return i32 [H, W]: how many cells are marked in the square of 2 `radius` + 1 cells around each.

    Beyond the edges, cells are as those at the edge. Whole numbers, so that nothing far from the mask is almost zero.
    """
    size, sums = 2 * radius + 1, marked.astype(np.int32)
    for _ in range(2):
        running = np.pad(sums, ((radius + 1, radius), (0, 0)), mode="edge").cumsum(0, dtype=np.int32)
        sums = (running[size:] - running[:-size]).T
    return sums
