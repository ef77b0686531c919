"""Draft decoding: TAESANA's file, read by name and shape, beside the full decoder of a folder."""

import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from pipeline import SanaPipeline
from pipeline.domain.errors import ArtifactError, SettingsError
from pipeline.domain.settings import DRAFT_DECODE
from pipeline.domain.updates import Result, StepUpdate
from pipeline.export import precompile
from pipeline.export.taesana import build_draft_decoder, build_draft_encoder, front_length, read_draft
from pipeline.generation.metadata import read_settings, write_png
from pipeline.generation.vae_decoder import to_picture
from pipeline.model_folder.folder_layout import DRAFT_DECODER, DRAFT_ENCODER
from pipeline.model_folder.manifest import read_manifest
from pipeline.model_folder.parity import psnr
from pipeline.page.controls import properties
from pipeline.page.words import English
from tests.test_image_to_image import given
from tests.tiny_checkpoint import LATENT_CHANNELS, build, draft_decoder, draft_encoder

Drafting = tuple[SanaPipeline, torch.nn.Sequential, Path]
TAESANA = [256, 128, 64, 64, 64, 64]


def as_described(weights: dict[str, Tensor], latents: Tensor) -> tuple[Tensor, Tensor]:
    """Compute TAESANA from its description, without modules; return pixels and the features at 8x8."""

    def conv(x: Tensor, name: str | int) -> Tensor:
        return F.conv2d(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), padding=1)

    def block(x: Tensor, index: int) -> Tensor:
        y = conv(x, f"{index}.conv.0").relu()
        y = conv(y, f"{index}.conv.2").relu()
        return (conv(y, f"{index}.conv.4") + x).relu()

    x = conv(3 * torch.tanh(latents / 3), "1").relu()
    index, features = itertools.count(3), x
    for stage in range(5):
        for _ in range(3):
            x = block(x, next(index))
        if stage == 3:
            features = x
        next(index)
        x = conv(x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), next(index))
    x = block(x, next(index))
    return conv(x, next(index)), features


def encoded_as_described(weights: dict[str, Tensor], pixels: Tensor) -> Tensor:
    """Compute TAESANA's encoder from its description, without modules."""

    def conv(x: Tensor, name: str | int, stride: int = 1) -> Tensor:
        return F.conv2d(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), padding=1, stride=stride)

    def block(x: Tensor, index: int) -> Tensor:
        y = conv(x, f"{index}.conv.0").relu()
        y = conv(y, f"{index}.conv.2").relu()
        return (conv(y, f"{index}.conv.4") + x).relu()

    x = block(conv(conv(pixels, 0, stride=2).relu(), 2, stride=2).relu(), 4)
    for first in (5, 9, 13):
        x = conv(x, first, stride=2)
        for index in range(first + 1, first + 4):
            x = block(x, index)
    return conv(x, 17)


@pytest.fixture(scope="module")
def drafting(tmp_path_factory: pytest.TempPathFactory) -> Drafting:
    """Return the pipeline, the torch draft decoder and the IR folder of a tiny model with a draft of both halves."""
    root = tmp_path_factory.mktemp("drafting")
    decoder, file = draft_decoder(root / "taesana_decoder.pth")
    files = [file, draft_encoder(root / "taesana_encoder.pth")[1]]
    folder = precompile(build(root / "checkpoint"), root / "ir", "fp16", vae=files, on_progress=lambda progress: None)
    return SanaPipeline.from_pretrained(folder), decoder, folder


def test_the_structure_is_the_published_one() -> None:
    weights = build_draft_decoder(32, TAESANA).state_dict()
    assert round(sum(value.numel() for value in weights.values()) / 1e6, 1) == 8.3
    shapes = {name: tuple(weights[name].shape) for name in ("1.weight", "7.weight", "28.conv.4.bias", "29.weight")}
    assert shapes == {
        "1.weight": (256, 32, 3, 3),
        "7.weight": (128, 256, 3, 3),
        "28.conv.4.bias": (64,),
        "29.weight": (3, 64, 3, 3),
    }
    assert "7.bias" not in weights
    weights = build_draft_encoder(32, [32, 64]).state_dict()
    assert round(sum(value.numel() for value in weights.values()) / 1e6, 2) == 1.26


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_is_read_and_computes_as_described(tmp_path: Path, suffix: str) -> None:
    _, file = draft_decoder(tmp_path / f"decoder{suffix}")
    component, decoder = read_draft(file, LATENT_CHANNELS)
    assert component == DRAFT_DECODER
    latents = 4 * torch.randn(1, LATENT_CHANNELS, 3, 5, generator=torch.Generator().manual_seed(0))
    pixels, features = as_described(decoder.state_dict(), latents)
    assert pixels.shape == (1, 3, 96, 160)
    assert torch.allclose(decoder(latents), pixels, atol=1e-5)
    assert torch.allclose(decoder[: front_length(8)](latents), features, atol=1e-5)


def test_an_encoder_is_read_and_computes_as_described(tmp_path: Path) -> None:
    _, file = draft_encoder(tmp_path / "encoder.pth")
    component, encoder = read_draft(file, LATENT_CHANNELS)
    assert component == DRAFT_ENCODER
    pixels = torch.rand(1, 3, 96, 160, generator=torch.Generator().manual_seed(0))
    latents = encoded_as_described(encoder.state_dict(), pixels)
    assert latents.shape == (1, LATENT_CHANNELS, 3, 5)
    assert torch.allclose(encoder(pixels), latents, atol=1e-5)


def test_what_is_no_such_decoder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    weights = draft_decoder(tmp_path / "decoder.pth")[0].state_dict()

    def refused(
        change: Callable[[dict[str, Tensor]], dict[str, Tensor]], match: str, channels: int = LATENT_CHANNELS
    ) -> None:
        path = tmp_path / "changed.safetensors"
        save_file({name: value.contiguous() for name, value in change(dict(weights)).items()}, path)
        with pytest.raises(ArtifactError, match=match):
            read_draft(path, channels)

    refused(lambda each: {name: each[name] for name in each if name != "12.weight"}, "lacks '12.weight'")
    refused(lambda each: {name: each[name] for name in each if name != "8.conv.2.bias"}, r"8\.conv\.2\.bias is none")
    refused(lambda each: {**each, "30.weight": torch.zeros(1)}, r"30\.weight is \(1,\), not none")
    refused(lambda each: each, "decoder of 16 latent channels", channels=16)
    torch.save({**weights, "step": 7}, tmp_path / "step.pth")
    with pytest.raises(ArtifactError, match=r"its step is \(\), not none"):
        read_draft(tmp_path / "step.pth", LATENT_CHANNELS)
    (tmp_path / "text.pth").write_text("no weights")
    with zipfile.ZipFile(tmp_path / "code.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"cos\nsystem\n(S'true'\ntR.")
        archive.writestr("archive/version", b"3")
    for name in ("text.pth", "code.pth", "absent.pth", "absent.safetensors"):
        with pytest.raises(ArtifactError, match=f"{name} cannot be read as weights"):
            read_draft(tmp_path / name, LATENT_CHANNELS)


def test_an_export_is_refused_before_it_starts(tmp_path: Path) -> None:
    checkpoint = build(tmp_path / "checkpoint")
    with pytest.raises(ArtifactError, match="cannot be read"):
        precompile(checkpoint, tmp_path / "ir", vae=[tmp_path / "absent.pth"])
    assert not list(tmp_path.glob("ir*"))


@pytest.mark.long
def test_a_draft_is_that_of_the_torch_decoder(
    drafting: Drafting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, decoder, _ = drafting
    settings = pipe.settings("a red house", width=256, height=192, use_resolution_binning=False, draft_decode=True)
    latents = []
    draft = pipe._stages.decoder(settings)
    decode = draft.decode
    monkeypatch.setattr(draft, "decode", lambda latent: latents.append(latent) or decode(latent))
    *_, result = pipe.generate(settings, "np")
    assert isinstance(result, Result)
    with torch.no_grad():
        pixels = decoder(latents[0][None])[0].numpy() * 2 - 1
    assert psnr(result.images[0], to_picture(pixels, 256, 192)) >= 50
    assert set(result.times) == {"text_encoder", "transformer", "draft_decoder"}
    full = pipe("a red house", width=256, height=192, use_resolution_binning=False, output_type="np")
    assert set(full.times) == {"text_encoder", "transformer", "vae_decoder"}
    assert psnr(result.images[0], full.images[0]) < 30
    image = pipe("a red house", width=256, height=192, draft_decode=True).images[0]
    write_png(image, tmp_path / "draft.png")
    assert read_settings(tmp_path / "draft.png").draft_decode


@pytest.mark.long
def test_a_draft_reads_a_given_picture_with_the_draft_encoder(drafting: Drafting) -> None:
    pipe = drafting[0]
    common: dict[str, Any] = {"image": given(), "strength": 0.5, "num_inference_steps": 2, "output_type": "np"}
    draft = pipe("a red house", draft_decode=True, **common)
    assert set(draft.times) == {"text_encoder", "transformer", "draft_encoder", "draft_decoder"}
    assert set(pipe("a red house", **common).times) == {"text_encoder", "transformer", "vae_encoder", "vae_decoder"}


def test_a_model_without_a_draft_decoder_refuses(pipe: SanaPipeline) -> None:
    with pytest.raises(SettingsError, match="no draft decoder"):
        pipe.settings("a red house", draft_decode=True)


@pytest.mark.long
def test_previews_are_finer_with_a_draft_decoder(drafting: Drafting, pipe: SanaPipeline) -> None:
    """Of a latent of 4x4 positions the linear map shows 4 colours in a row, the draft decoder's features 32."""

    def edges(pipeline: SanaPipeline) -> float:
        settings = pipeline.settings("a house", width=128, height=128, use_resolution_binning=False)
        first = next(update for update in pipeline.generate(settings) if isinstance(update, StepUpdate))
        assert first.preview.size == (128, 128)
        spectrum = np.abs(np.fft.fft2(np.asarray(first.preview.convert("L"), float)))
        return spectrum[5:16, 5:16].mean() / spectrum[1:4, 1:4].mean()

    assert edges(drafting[0]) > 2 * edges(pipe)


@pytest.mark.long
def test_the_folder_says_so(drafting: Drafting) -> None:
    _, _, folder = drafting
    model = read_manifest(folder).model
    record = model.components["draft_decoder"]
    assert record["compression"] == "fp16"
    assert record["conversion_db"] >= 70
    assert record["draft_db"] < 40  # a random one is nothing like the VAE's
    assert model.has_draft_decoder
    assert properties(DRAFT_DECODE, model, English())["visible"]


@pytest.mark.long
def test_one_model_at_a_time_draws_the_same_draft(drafting: Drafting) -> None:
    pipe, _, folder = drafting
    settings = pipe.settings("a red house", width=128, height=128, draft_decode=True)

    def draw(pipeline: SanaPipeline) -> np.ndarray:
        *_, result = pipeline.generate(settings, "np")
        assert isinstance(result, Result)
        return result.images

    assert np.array_equal(draw(SanaPipeline.from_pretrained(folder, low_memory=True)), draw(pipe))


@pytest.mark.long
def test_the_segments_of_previews_are_counted_and_freed_and_left_out_with_low_memory(
    drafting: Drafting, pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafter, _, folder = drafting
    stages = drafter._stages
    models = [model for _, model in stages.preview._front]
    assert models
    settings = drafter.settings("a red house", width=128, height=128, num_inference_steps=1)
    with monkeypatch.context() as patch:
        patch.setattr(stages, "_bytes_per_position", 1e6)  # more than decoding takes
        previewing = stages.preview.memory(64, 64)
        counted = stages.memory(settings, 64, 64)
        patch.setattr(stages, "preview", None)
        assert counted - stages.memory(settings, 64, 64) == pytest.approx(previewing)
        assert previewing > 64 * 64 * 4 * TAESANA[3]  # one of the feature maps that it holds
    list(drafter.generate(settings))
    assert all(model._request is None for model in models)
    assert pipe._stages.preview.memory(64, 64) == 0  # a linear map
    low = SanaPipeline.from_pretrained(folder, low_memory=True)
    assert low._stages.preview._front == ()
    first = next(update for update in low.generate(settings) if isinstance(update, StepUpdate))
    assert first.preview.size == (128, 128)
