"""Resolution binning: the training size whose aspect ratio is nearest to that of the size asked for."""

from diffusers.image_processor import PixArtImageProcessor
from diffusers.pipelines.pixart_alpha.pipeline_pixart_alpha import ASPECT_RATIO_512_BIN, ASPECT_RATIO_1024_BIN
from diffusers.pipelines.pixart_alpha.pipeline_pixart_sigma import ASPECT_RATIO_2048_BIN
from diffusers.pipelines.sana.pipeline_sana import ASPECT_RATIO_4096_BIN

from ..domain.model import ModelDescription
from ..domain.resolutions import size_of_ratio
from ..domain.settings import SIZE_MULTIPLE

# The sizes of diffusers' pipelines, by the model's native side in pixels.
BINS = {
    512: ASPECT_RATIO_512_BIN,
    1024: ASPECT_RATIO_1024_BIN,
    2048: ASPECT_RATIO_2048_BIN,
    4096: ASPECT_RATIO_4096_BIN,
}


def generation_size(width: int, height: int, native_size: int) -> tuple[int, int]:
    """Return the width and height in pixels to generate at. Without bins for the native size, keep the size."""
    if native_size not in BINS:
        return width, height
    binned_height, binned_width = PixArtImageProcessor.classify_height_width_bin(height, width, BINS[native_size])
    return binned_width, binned_height


def drawn_size(model: ModelDescription, width: int, height: int, enlarge: bool) -> tuple[int, int]:
    """Return the width and height in pixels at which a model draws a given picture unless told otherwise."""
    if enlarge:
        return _double(width), _double(height)
    return nearest_size(model, width, height)


def nearest_size(model: ModelDescription, width: int, height: int) -> tuple[int, int]:
    """Return the width and height in pixels at which a model draws pictures with this aspect ratio."""
    if model.native_size in BINS:
        return generation_size(width, height, model.native_size)
    return size_of_ratio(model, width / height)


def _double(side: int) -> int:
    return max(round(2 * side / SIZE_MULTIPLE), 1) * SIZE_MULTIPLE
