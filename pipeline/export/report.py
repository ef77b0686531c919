"""What an export measured, as a table for the terminal."""

from collections.abc import Callable

from ..artifacts import DRAFT_DECODER, Manifest
from .room import peak_memory


def tell_parity(manifest: Manifest, tell: Callable[[str], object]) -> None:
    """One row per component and per picture; dB of the uncompressed IR, then of the finished one, against torch."""
    tell(f"{'component':<14}{'weights':<9}{'converted':>11}{'compressed':>12}{'size':>11}")
    for name, record in manifest.components.items():
        tell(
            f"{name:<14}{record['compression']:<9}{record['conversion_db']:>8.1f} dB{record['parity_db']:>9.1f} dB"
            f"{manifest.size(f'{name}/') / 1e6:>8.1f} MB"
        )
    if record := manifest.components.get(DRAFT_DECODER):
        tell(f"the draft decoder's pictures against the VAE decoder's: {record['draft_db']:.1f} dB or more")
    tell("the same seed, drawn by this folder and by the checkpoint:")
    for picture in manifest.pictures:
        tell(f"  {picture['psnr_db']:.1f} dB, SSIM {picture['ssim']:.4f}: {picture['prompt']}")
    peak = peak_memory()
    if peak:
        tell(f"at most {peak / 1e9:.1f} GB of memory")
