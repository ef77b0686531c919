"""Resolution binning: the trained aspect-ratio size nearest to the size asked for."""

from diffusers.image_processor import PixArtImageProcessor
from diffusers.pipelines.pixart_alpha.pipeline_pixart_alpha import ASPECT_RATIO_512_BIN, ASPECT_RATIO_1024_BIN
from diffusers.pipelines.pixart_alpha.pipeline_pixart_sigma import ASPECT_RATIO_2048_BIN
from diffusers.pipelines.sana.pipeline_sana import ASPECT_RATIO_4096_BIN

# by the native side in pixels
BINS = {
    512: ASPECT_RATIO_512_BIN,
    1024: ASPECT_RATIO_1024_BIN,
    2048: ASPECT_RATIO_2048_BIN,
    4096: ASPECT_RATIO_4096_BIN,
}


def generation_size(width: int, height: int, native_size: int) -> tuple[int, int]:
    """Return width and height to generate at; a model of another native size has no bins and keeps the size."""
    if native_size not in BINS:
        return width, height
    binned_height, binned_width = PixArtImageProcessor.classify_height_width_bin(height, width, BINS[native_size])
    return binned_width, binned_height
