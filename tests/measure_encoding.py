"""Encode and decode with a full-size random autoencoder: time, memory and exactness as tables.

`python -m tests.measure_encoding FOLDER [--large]` takes ten minutes on two cores, and 0.7 GB in FOLDER. The
two are timed in turns in one process, medians of three. `--large` also encodes 4096x4096 pixels, in another process.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from pipeline.export import networks
from pipeline.export.convert import convert, save
from pipeline.export.quiet import quiet
from pipeline.export.random_pictures import random_picture
from pipeline.generation.vae_decoder import VaeDecoder
from pipeline.generation.vae_encoder import VaeEncoder
from pipeline.model_folder.parity import psnr
from pipeline.runtime.device import Device
from tests.full_size import autoencoder

RUNS = 3
SIZES = (1024,)
BANDS = 4  # windows of the finest segment when bands are compared with a whole picture


def export(folder: Path) -> dict[str, Path]:
    """Write encoder and decoder of one random autoencoder as IR; what is there already is kept."""
    paths = {name: folder / name / "openvino_model.xml" for name in ("vae_encoder", "vae_decoder")}
    if not all(path.exists() for path in paths.values()):
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(0)
        model = autoencoder().eval().requires_grad_(False)
        for name, make in (("vae_encoder", networks.vae_encoder), ("vae_decoder", networks.vae_decoder)):
            network = make(model)
            with quiet():
                save(convert(network.module, network.example), folder / name)
    return paths


def picture(size: int) -> np.ndarray:
    """Return a random picture u8 [size, size, 3]."""
    pixels = random_picture(torch.Generator().manual_seed(0), size)
    return ((pixels / 2 + 0.5) * 255).round().byte().permute(1, 2, 0).numpy()


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def print_times(encoder: VaeEncoder, decoder: VaeDecoder) -> None:
    """Print the seconds of both at each size; the first call, which compiles, does not count."""
    print("| size | encode | decode | ratio |\n|---|---|---|---|")
    for size in SIZES:
        pixels, latent = picture(size), torch.randn(32, size // 32, size // 32)
        seconds: dict[str, list[float]] = {"encode": [], "decode": []}
        for run in range(RUNS + 1):
            spent = {
                "encode": timed(lambda pixels=pixels: list(encoder.encode(pixels))),  # type: ignore[misc]
                "decode": timed(lambda latent=latent: list(decoder.decode(latent))),  # type: ignore[misc]
            }
            if run:
                for name, value in spent.items():
                    seconds[name].append(value)
        encode, decode = (statistics.median(values) for values in seconds.values())
        print(f"| {size}x{size} | {encode:.1f} s | {decode:.1f} s | {encode / decode:.2f} |", flush=True)


def print_exactness(path: Path) -> None:
    """Print how near an encode in bands comes to one of the whole picture."""
    encoder, pixels = VaeEncoder(Device(), path, 1.0), picture(512)
    halo = max(segment.halo or 0 for segment in encoder.segments)
    (*_, whole), (*bands, banded) = encoder.encode(pixels, rows=512), encoder.encode(pixels, rows=2 * halo + 64)
    assert whole.features is not None
    assert banded.features is not None
    print(f"\n{len(bands) + 1} bands against {whole.bands}: {psnr(banded.features, whole.features):.0f} dB")


def encode_large(path: Path) -> None:
    """Print time and memory of one large picture."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    encoder = VaeEncoder(Device(), path, 1.0)
    seconds = timed(lambda: list(encoder.encode(picture(4096))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\n4096x4096: {seconds:.0f} s with compiling, {peak / 1e6:.1f} GB at most ({before / 1e6:.1f} GB before)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--large", action="store_true", help="also encode 4096x4096 pixels")
    parser.add_argument("--only-large", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    paths = export(options.folder)
    if options.only_large:
        encode_large(paths["vae_encoder"])
        return
    fast = Device().fast_precision
    print(f"arithmetic in {fast}")
    print_times(
        VaeEncoder(Device(), paths["vae_encoder"], 1.0, fast), VaeDecoder(Device(), paths["vae_decoder"], 1.0, fast)
    )
    print_exactness(paths["vae_encoder"])
    if options.large:
        command = [sys.executable, "-m", "tests.measure_encoding", str(options.folder), "--only-large"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
