"""The decode in bands: equal to the untiled one, whatever the decoder is made of."""

import sys
import threading
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch

from pipeline.export import networks
from pipeline.export.convert import convert, save
from pipeline.export.measure import measure
from pipeline.export.quiet import quiet
from pipeline.generation import bands
from pipeline.generation.bands import plan_bands, rows_that_fit
from pipeline.generation.vae_decoder import VaeDecoder
from pipeline.model_folder.parity import psnr
from pipeline.runtime import segment_model
from pipeline.runtime.compiled_model import ExclusiveResidency
from pipeline.runtime.device import Device
from pipeline.runtime.graph import winograd_phases
from pipeline.runtime.graph.convolutions import TILE
from pipeline.runtime.graph.partition import Segment, partition
from pipeline.runtime.segment_model import SegmentModel
from tests.tiny_checkpoint import LATENT_CHANNELS, autoencoder, draft_decoder
from tests.waiting import wait_for

Decoder = tuple[Path, ov.CompiledModel]  # path, untiled decode

ATTENTION: dict[str, Any] = {
    "decoder_block_types": ("ResBlock",) * 3 + ("EfficientViTBlock",) * 3,
    "decoder_qkv_multiscales": ((), (), (), (5,), (5,), (5,)),
}
KINDS: dict[str, dict[str, Any]] = {
    "attention": {**ATTENTION, "decoder_layers_per_block": (1,) * 6},  # as the DC-AE
    "local": {"decoder_block_types": ("ResBlock",) * 6},  # as DC-AE-Lite
}


@pytest.fixture(scope="module", params=[*KINDS, "draft"])
def decoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    """Return the path and the untiled decode of a random tiny VAE decoder, or of a draft decoder."""
    folder = tmp_path_factory.mktemp("decoder")
    if request.param == "draft":
        draft, _ = draft_decoder(folder / "decoder.pth")
        network = networks.draft_decoder(draft, torch.randn(2, LATENT_CHANNELS, 8, 8))
    else:
        network = networks.vae_decoder(autoencoder(**KINDS[request.param]))
    with quiet():
        path = save(convert(network.module, network.example), folder)
    assert measure(path, network.samples) >= 70  # dB against torch, as an export asks for
    return path, Device().compile(path)


@pytest.mark.parametrize(("height", "width", "extra"), [(24, 5, 1), (31, 8, 6), (40, 3, 6)])
def test_bands_are_those_of_an_untiled_decode(decoder: Decoder, height: int, width: int, extra: int) -> None:
    path, untiled = decoder
    latent = torch.randn(32, height, width, generator=torch.Generator().manual_seed(height))
    segments = partition(ov.Core().read_model(path))
    rows = 2 * max(segment.halo or 0 for segment in segments) + extra
    *progress, last = VaeDecoder(Device(), path, scaling_factor=0.5).decode(latent, rows)
    assert len(progress) > len(segments) > 3
    assert [decoded.band for decoded in progress] == list(range(1, last.bands))
    assert all(decoded.features is None for decoded in progress)
    assert last.features is not None
    assert psnr(last.features, untiled(latent[None].numpy() / 0.5)[0][0]) >= 100


def test_segments_hand_over_half_as_many_bytes_in_bf16(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    path, untiled = decoder
    vae = VaeDecoder(Device(), path, scaling_factor=1.0, precision="bf16")
    read: list[type] = []
    call = SegmentModel.__call__

    def recorded(model: SegmentModel, inputs: dict[str, np.ndarray]) -> np.ndarray:
        read.extend(value.dtype.type for value in inputs.values())
        return call(model, inputs)

    monkeypatch.setattr(SegmentModel, "__call__", recorded)
    latent = torch.randn(32, 8, 8, generator=torch.Generator().manual_seed(0))
    *_, last = vae.decode(latent)
    assert read == [np.float32, *[np.float16] * (len(vae.segments) - 1)]
    assert last.features is not None
    assert last.features.dtype == np.float32
    assert psnr(last.features, untiled(latent[None].numpy())[0][0]) >= 35


@pytest.mark.long
def test_bands_of_winograd_convolutions_are_those_of_an_untiled_decode(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such bands consist of whole tiles if the picture does."""
    for limit in ("MIN_TILES", "MIN_FLOP"):
        monkeypatch.setattr(winograd_phases, limit, 1)
    monkeypatch.setattr(winograd_phases, "MIN_CHANNELS", 16)  # below: more of the same, at 4 s a segment
    path, untiled = decoder
    shapes: list[bool] = []
    monkeypatch.setattr(segment_model, "rewrite_convolutions", lambda model, _: shapes.append(rewritten(model)))
    latent = torch.randn(32, 32, 8, generator=torch.Generator().manual_seed(0))
    *_, last = VaeDecoder(Device(), path, scaling_factor=0.5).decode(latent, rows=24)
    assert len([each for each in shapes if each]) >= 2
    assert last.features is not None
    assert psnr(last.features, untiled(latent[None].numpy() / 0.5)[0][0]) >= 100


def rewritten(model: ov.Model) -> bool:
    """Rewrite the convolutions; return whether there were any."""
    before = len(model.get_ops())
    winograd_phases.use_winograd(model)
    return len(model.get_ops()) > before


def test_weights_stay_as_they_are_stored(decoder: Decoder) -> None:
    """A partition that folds f16 constants to f32 would double the memory and undo 8-bit decoders."""
    model = ov.Core().read_model(decoder[0])
    stored, kept = stored_bytes([model]), stored_bytes([segment.model for segment in partition(model)])
    assert stored > 100_000
    assert kept == stored


def stored_bytes(models: list[ov.Model]) -> int:
    constants = [
        operation for model in models for operation in model.get_ops() if operation.get_type_name() == "Constant"
    ]
    return sum(each.get_byte_size() for each in constants if each.get_element_type() == ov.Type.f16)


def test_a_picture_that_fits_is_one_band_of_each_segment(decoder: Decoder) -> None:
    path, untiled = decoder
    latent = torch.randn(32, 9, 8, generator=torch.Generator().manual_seed(1))
    *progress, last = VaeDecoder(Device(), path, scaling_factor=1.0).decode(latent)
    assert len(progress) + 1 == last.bands == len(partition(ov.Core().read_model(path)))
    assert last.features is not None
    assert psnr(last.features, untiled(latent[None].numpy())[0][0]) >= 120


def test_what_is_prepared_is_not_compiled_again(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    path, untiled = decoder
    compiled: list[bool] = []
    original = Device.compile

    def compile_model(*arguments: Any) -> ov.CompiledModel:
        compiled.append(threading.current_thread() is threading.main_thread())
        return original(*arguments)

    monkeypatch.setattr(Device, "compile", compile_model)
    latent = torch.randn(32, 9, 8, generator=torch.Generator().manual_seed(1))
    stage, shared = (VaeDecoder(Device(), path, 1.0, residency=each) for each in (None, ExclusiveResidency()))
    for _ in range(2):
        stage.prepare(9, 8)
        wait_for(lambda: len(compiled) == len(stage.segments))
        *_, last = stage.decode(latent)
        assert compiled == [False] * len(stage.segments)
        assert last.features is not None
        assert psnr(last.features, untiled(latent[None].numpy())[0][0]) >= 120
    compiled.clear()
    shared.prepare(9, 8)
    assert not compiled
    *_, last = shared.decode(latent)
    assert compiled == [True] * len(shared.segments)


def test_a_preparation_for_another_size_does_not_count(decoder: Decoder) -> None:
    path, untiled = decoder
    latent = torch.randn(32, 9, 8, generator=torch.Generator().manual_seed(1))
    stage = VaeDecoder(Device(), path, 1.0)
    stage.prepare(4, 4)
    *_, last = stage.decode(latent)
    assert last.features is not None
    assert psnr(last.features, untiled(latent[None].numpy())[0][0]) >= 120


@pytest.mark.long
def test_pixels_outlive_the_next_decode(decoder: Decoder) -> None:
    """A segment answers in its own buffer, which the next picture of the same size overwrites."""
    stage = VaeDecoder(Device(), decoder[0], scaling_factor=1.0)
    rows = 2 * max(segment.halo or 0 for segment in stage.segments) + 1
    first, second = torch.randn(2, 32, 24, 5, generator=torch.Generator().manual_seed(2))
    *_, before = stage.decode(first, rows)
    assert before.features is not None
    kept = before.features.copy()
    *_, after = stage.decode(second, rows)
    np.testing.assert_array_equal(before.features, kept)
    assert (before.features != after.features).any()


def test_the_halo_is_not_larger_than_needed(decoder: Decoder) -> None:
    """A cell depends on a feature at the halo's edge and on none beyond it."""
    for segment in partition(ov.Core().read_model(decoder[0])):
        if segment.halo is None:
            continue
        model = Device().compile(segment.model)
        channels = segment.model.inputs[0].get_partial_shape()[1].get_length()
        features = np.random.default_rng(0).normal(size=(1, channels, 4 * segment.halo + 4, 3)).astype(np.float32)
        changed = features.copy()
        changed[:, :, 0] *= -1e4
        difference = np.abs(model(features)[0] - model(changed)[0]).max((0, 1, 3))
        reach = (np.flatnonzero(difference > 0).max() + 1) / segment.growth
        assert segment.halo < reach <= segment.halo + 1


@pytest.fixture(scope="module")
def full_chain(tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    """Return the path and the untiled decode of a narrow DC-AE with as many layers as the full-size one."""
    stages = {
        "decoder_block_out_channels": (8, 16, 32, 32, 32, 32),
        "decoder_layers_per_block": (3,) * 6,
        "upsample_block_type": "interpolate",
    }
    network = networks.vae_decoder(autoencoder(**ATTENTION, **stages))
    with quiet():
        path = save(convert(network.module, network.example), tmp_path_factory.mktemp("full"))
    return path, Device().compile(path)


@pytest.mark.long
def test_the_segments_of_the_full_size_decoder(full_chain: Decoder) -> None:
    """The numbers are counted by hand. Attention reaches up to the 1/8 grid.

    Three ResBlock stages follow, of three layers of two convolutions each, after the convolution of the upsampling.
    Their halo is of 7 finer cells, which are 3.5 cells; the last convolution adds half a cell. Finely, the 1/8 grid's
    three attentions, and the depthwise convolution after each, are segments of their own.
    """
    model = ov.Core().read_model(full_chain[0])
    local = [(2, 4), (2, 4), (2, 4)]
    assert [(segment.growth, segment.halo) for segment in partition(model)] == [(4, None), *local]
    apart = [(4, None), (1, None), (1, 1), (1, None), (1, 1), (1, None), (1, 1), *local]
    assert [(segment.growth, segment.halo) for segment in partition(model, finely=True)] == apart


@pytest.mark.long
def test_a_large_picture_takes_more_segments(full_chain: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    path, untiled = full_chain
    decoder = VaeDecoder(Device(), path, scaling_factor=1.0)
    whole = max(segment.bytes_per_cell for segment in decoder.segments if segment.halo is None)
    monkeypatch.setattr(bands, "MAX_BYTES", bands.OVERHEAD * whole * 8 * 6)
    for height, width, segments in ((8, 6, 4), (9, 6, 10), (6, 8, 4)):
        latent = torch.randn(32, height, width, generator=torch.Generator().manual_seed(height))
        seconds = decoder.seconds
        *_, last = decoder.decode(latent)
        assert len(decoder.segments) == segments
        assert decoder.seconds > seconds
        assert last.features is not None
        assert psnr(last.features, untiled(latent[None].numpy())[0][0]) >= 100


def test_memory_grows_with_the_picture(decoder: Decoder) -> None:
    vae = VaeDecoder(Device(), decoder[0], scaling_factor=1.0)
    pixels = 4 * 3 * 32 * 32 * 64 * 64
    assert pixels < vae.memory(64, 64) < vae.memory(64, 96) < vae.memory(96, 128)


def test_released_activations_keep_no_tensors(decoder: Decoder) -> None:
    """OpenVINO's release_memory keeps the inputs and outputs of an inference request."""
    vae = VaeDecoder(Device(), decoder[0], scaling_factor=1.0)
    model = SegmentModel(Device(), vae.segments[0].model)
    features = np.zeros((1, 8, 8, 32), np.float32)
    model({vae.segments[0].input_name: features})
    held = sys.getrefcount(features)
    model.release_activations()
    assert sys.getrefcount(features) < held


def test_what_runs_at_once_is_judged_by_the_grid_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder's global segment reads a coarser grid than the picture's, and took more parts than it needed."""
    coarser = Segment(ov.Model([], []), Fraction(1, 8), halo=6, bytes_per_cell=1e9, held_per_cell=0.0)
    whole = Segment(ov.Model([], []), Fraction(1, 4), halo=None, bytes_per_cell=1.0, held_per_cell=0.0)
    monkeypatch.setattr(bands, "MAX_BYTES", bands.OVERHEAD * 8 * 4)
    assert bands.fits_at_once([coarser, whole], 64, 32)
    assert not bands.fits_at_once([coarser, whole], 72, 32)


@pytest.mark.parametrize(("height", "rows"), [(256, 190), (512, 190), (100, 30), (31, 30)])
def test_bands_compute_little_twice(height: int, rows: int) -> None:
    """If each of few bands had a window of all rows that fit, up to half of them would be computed twice."""
    segment: Any = SimpleNamespace(block=1, halo=4)
    plan = plan_bands(segment, height, rows)
    assert [band.first for band in plan] == [0, *(band.last for band in plan[:-1])]
    assert plan[-1].last == height
    for band in plan:
        assert 0 <= band.window.start <= max(0, band.first - 4)
        assert min(height, band.last + 4) <= band.window.stop <= height
        assert band.window.stop - band.window.start <= rows
        assert rows < 40 or (band.window.stop - band.window.start) % TILE == 0
    computed = sum(band.window.stop - band.window.start for band in plan)
    assert computed <= height + len(plan) * (2 * 4 + TILE)


def test_bands_do_not_follow_every_change_of_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """In other bands, a picture's values are rounded differently."""
    segment: Any = SimpleNamespace(block=1, halo=4, bytes_per_cell=2000.0)
    rows = []
    for part in (3, 1.03, 0.97, 0.53, 0.47):  # of the free memory from which on bands are as tall as they get
        free = part * bands.MAX_BYTES / bands.FREE_SHARE
        monkeypatch.setattr(bands, "free_memory", lambda free=free: free)
        rows.append(rows_that_fit(segment, height=4096, width=1024))
    assert rows[0] == rows[1] > rows[2] == rows[3] > rows[4]
