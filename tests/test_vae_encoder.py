"""The banded encode: equal to the untiled one, and near to torch's, whatever the encoder is made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch

from pipeline.export import networks
from pipeline.export.convert import convert, save
from pipeline.export.quiet import quiet
from pipeline.export.random_pictures import random_picture
from pipeline.generation.vae_encoder import VaeEncoder
from pipeline.model_folder.parity import psnr
from pipeline.runtime.device import Device
from pipeline.runtime.graph import winograd_phases
from pipeline.runtime.graph.partition import partition
from tests.tiny_checkpoint import autoencoder, draft_encoder

ATTENTION: dict[str, Any] = {
    "encoder_block_types": ("ResBlock",) * 3 + ("EfficientViTBlock",) * 3,
    "encoder_qkv_multiscales": ((), (), (), (5,), (5,), (5,)),
}
KINDS: dict[str, dict[str, Any]] = {
    "attention": {**ATTENTION, "encoder_layers_per_block": (1,) * 6},  # as the DC-AE
    "local": {"encoder_block_types": ("ResBlock",) * 6, "encoder_layers_per_block": (1,) * 6},
    "strided": {**ATTENTION, "downsample_block_type": "conv"},  # as the miniature: nothing at the full resolution
}
Encode = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module", params=[*KINDS, "draft"])
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Encode]:
    """Return (path, untiled encode) of random encoders of several kinds."""
    folder = tmp_path_factory.mktemp("encoder")
    if request.param == "draft":
        network = networks.draft_encoder(draft_encoder(folder / "encoder.pth")[0])
    else:
        network = networks.vae_encoder(autoencoder(**KINDS[request.param]))
    with quiet():
        path = save(convert(network.module, network.example), folder)
    untiled = Device().compile(path)
    for sample in network.samples:  # what torch answers; weights are stored in 16 bits
        assert psnr(untiled(sample.inputs)[0], sample.answer) >= 60
    return path, lambda inputs: untiled(inputs)[0]


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return a random picture u8 [height, width, 3]."""
    pixels = random_picture(torch.Generator().manual_seed(seed), max(height, width))
    return ((pixels[:, :height, :width] / 2 + 0.5) * 255).round().byte().permute(1, 2, 0).numpy()


def expected(encode: Encode, pixels: np.ndarray) -> np.ndarray:
    """Return the latent of a picture, times a scaling factor of 0.5."""
    sample = pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255 * 2 - 1
    return encode(sample)[0] * 0.5


@pytest.mark.parametrize(("height", "width", "spare"), [(1024, 96, 4), (768, 160, 12)])
def test_bands_are_those_of_an_untiled_encode(
    encoder: tuple[Path, Encode], height: int, width: int, spare: int
) -> None:
    path, encode = encoder
    segments = partition(ov.Core().read_model(path))
    rows = 2 * max(segment.halo or 0 for segment in segments) + spare
    pixels = picture(height, width)
    *progress, last = VaeEncoder(Device(), path, scaling_factor=0.5).encode(pixels, rows)
    assert len(progress) > len(segments) > 2
    assert [computed.band for computed in progress] == list(range(1, last.bands))
    assert all(computed.features is None for computed in progress)
    assert last.features is not None
    assert last.features.shape == (32, height // 32, width // 32)
    assert psnr(last.features, expected(encode, pixels)) >= 100


def test_a_picture_that_fits_is_one_band_of_each_segment(encoder: tuple[Path, Encode]) -> None:
    path, encode = encoder
    pixels = picture(256, 352, seed=1)
    *progress, last = VaeEncoder(Device(), path, scaling_factor=0.5).encode(pixels)
    assert len(progress) + 1 == last.bands == len(partition(ov.Core().read_model(path)))
    assert last.features is not None
    assert psnr(last.features, expected(encode, pixels)) >= 100


@pytest.mark.long
def test_bands_of_winograd_convolutions_too(encoder: tuple[Path, Encode], monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MIN_TILES", "MIN_FLOP"):
        monkeypatch.setattr(winograd_phases, limit, 1)
    monkeypatch.setattr(winograd_phases, "MIN_CHANNELS", 16)  # below: more of the same, at seconds a segment
    path, encode = encoder
    pixels = picture(512, 64, seed=2)
    rows = 2 * max(segment.halo or 0 for segment in partition(ov.Core().read_model(path))) + 8
    *_, last = VaeEncoder(Device(), path, scaling_factor=0.5).encode(pixels, rows)
    assert last.features is not None
    assert psnr(last.features, expected(encode, pixels)) >= 90


def test_the_whole_picture_is_read_only_where_it_must_be(encoder: tuple[Path, Encode]) -> None:
    """Everything before the first linear attention is local, so that large pictures run in bands."""
    segments = partition(ov.Core().read_model(encoder[0]))
    is_global = [segment.halo is None for segment in segments]
    assert is_global == sorted(is_global)
    assert all(segment.growth < 1 for segment in segments[:3])
    assert np.prod([float(segment.growth) for segment in segments]) == 1 / 32
