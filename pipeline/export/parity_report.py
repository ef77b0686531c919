"""The report of an export's measurements, as a table for the terminal."""

from collections.abc import Iterator

from ..domain.progress import OnProgress, Progress
from ..model_folder.folder_layout import DRAFT_DECODER
from ..model_folder.manifest import Manifest
from .resource_check import peak_memory


def report_parity(manifest: Manifest, on_progress: OnProgress) -> None:
    """Pass the report of a finished export to `on_progress`, line by line."""
    for line in _lines(manifest):
        on_progress(Progress("parity", line))


def _lines(manifest: Manifest) -> Iterator[str]:
    """Yield a row for each component and for each picture.

    A component's row has the PSNR against torch of the converted IR and of the compressed one.
    """
    yield f"{'component':<14}{'weights':<9}{'converted':>11}{'compressed':>12}{'size':>11}"
    for name, record in manifest.model.components.items():
        yield (
            f"{name:<14}{record['compression']:<9}{record['conversion_db']:>8.1f} dB{record['parity_db']:>9.1f} dB"
            f"{manifest.size(f'{name}/') / 1e6:>8.1f} MB"
        )
    if record := manifest.model.components.get(DRAFT_DECODER):
        yield f"the draft decoder's pictures against the VAE decoder's: {record['draft_db']:.1f} dB or more"
    yield "the same seed, drawn by this folder and by the checkpoint:"
    for picture in manifest.model.pictures:
        yield f"  {picture['psnr_db']:.1f} dB, SSIM {picture['ssim']:.4f}: {picture['prompt']}"
    yield f"at most {peak_memory() / 1e9:.1f} GB of memory"
