"""The parameters of a picture's size."""

from typing import Any

from .parameters import MEMORY, PIXELS, TIME, Pixels, Switch

SIZE_MULTIPLE = 32  # the autoencoder (DC-AE f32) decodes one latent position to 32x32 pixels
MIN_SIZE, MAX_SIZE = 128, 4096  # chosen: the miniature's size, and the native side of the largest published model
_ALL = frozenset({TIME, MEMORY, PIXELS})
_SIZE: dict[str, Any] = {
    "doc": "In pixels, a multiple of 32 within the model's limits.",
    "default": 1024,
    "affects": _ALL,
    "minimum": MIN_SIZE,
    "maximum": MAX_SIZE,
    "step": SIZE_MULTIPLE,
}

WIDTH = Pixels("width", "Width", "width", setting="width", **_SIZE)
HEIGHT = Pixels("height", "Height", "height", setting="height", **_SIZE)
USE_RESOLUTION_BINNING = Switch(
    "use_resolution_binning",
    "Draw at the nearest trained size, then scale",
    "Resolution binning",
    "Draw at the trained size of the nearest aspect ratio, then scale and crop.",
    default=True,
    setting="use_resolution_binning",
    affects=_ALL,
)
