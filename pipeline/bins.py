"""Resolution binning: the trained aspect-ratio size nearest to the size asked for."""

from diffusers.image_processor import PixArtImageProcessor
from diffusers.pipelines.pixart_alpha.pipeline_pixart_alpha import ASPECT_RATIO_512_BIN, ASPECT_RATIO_1024_BIN
from diffusers.pipelines.pixart_alpha.pipeline_pixart_sigma import ASPECT_RATIO_2048_BIN
from diffusers.pipelines.sana.pipeline_sana import ASPECT_RATIO_4096_BIN

# by the transformer's sample_size: the native side in latent positions
BINS = {
    16: ASPECT_RATIO_512_BIN,
    32: ASPECT_RATIO_1024_BIN,
    64: ASPECT_RATIO_2048_BIN,
    128: ASPECT_RATIO_4096_BIN,
}


def generation_size(width: int, height: int, sample_size: int) -> tuple[int, int]:
    """Width and height to generate at; a model of another native size has no bins and keeps the size."""
    if sample_size not in BINS:
        return width, height
    binned_height, binned_width = PixArtImageProcessor.classify_height_width_bin(height, width, BINS[sample_size])
    return binned_width, binned_height
