"""The mask of an inpainting: the latents to draw anew, and the seam between drawn and kept pixels."""

import numpy as np
import torch

from ..domain.settings import GenerationSettings
from ..domain.size_parameters import SIZE_MULTIPLE
from .given_picture import GivenPicture


def latent_mask(given: GivenPicture, settings: GenerationSettings, width: int, height: int) -> torch.Tensor:
    """Return a mask f32 [1, 1, h, w] for a generation at `width` x `height` pixels: 1 to draw a latent anew, else 0.

    A latent position is drawn anew if any of its pixels has a weight above 0 in `drawn_weights`.
    """
    weights = drawn_weights(given, settings, width, height)
    rows, columns = height // SIZE_MULTIPLE, width // SIZE_MULTIPLE
    cells = weights.reshape(rows, SIZE_MULTIPLE, columns, SIZE_MULTIPLE).max((1, 3)) > 0
    return torch.from_numpy(cells.astype(np.float32))[None, None]


def drawn_weights(given: GivenPicture, settings: GenerationSettings, width: int, height: int) -> np.ndarray:
    """Return the weight f32 [height, width] in [0, 1] of the drawn picture in each pixel.

    It is 1 up to `mask_grow` pixels around the marked area, and falls to exactly 0 over the next `mask_blur` pixels.
    """
    marked = given.marked(width, height, settings.mask_invert)
    half = settings.mask_blur // 2
    grown = _box_sums(marked, settings.mask_grow + settings.mask_blur - half) > 0
    return (_box_sums(grown, half) / (2 * half + 1) ** 2).astype(np.float32)


def put_back(drawn: np.ndarray, given: GivenPicture, settings: GenerationSettings) -> np.ndarray:
    """Blend drawn pixels f32 [H, W, 3] in [0, 1] with the given picture. Where their weight is 0, it stays exact."""
    height, width = drawn.shape[:2]
    weights = drawn_weights(given, settings, width, height)[..., None]
    kept = given.resized(width, height).astype(np.float32) / 255
    return kept + weights * (drawn - kept)


def _box_sums(marked: np.ndarray, radius: int) -> np.ndarray:
    """Return i32 [H, W]: the number of marked cells in the square of side 2 * `radius` + 1 around each cell.

    Cells beyond the edges count like those at the edge. Integers make sure that the sum is exactly 0 far from the mask.
    """
    size, sums = 2 * radius + 1, marked.astype(np.int32)
    for _ in range(2):
        running = np.pad(sums, ((radius + 1, radius), (0, 0)), mode="edge").cumsum(0, dtype=np.int32)
        sums = (running[size:] - running[:-size]).T
    return sums
