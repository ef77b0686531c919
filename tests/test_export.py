"""The export: continuing, refusing, parity, compression, preview and prefix; on random tiny checkpoints."""

import copy
import dataclasses
import json
import math
import shutil
from collections import Counter

import numpy as np
import pytest
import torch

from pipeline import SanaError, SanaPipeline, export, parity
from pipeline.artifacts import MANIFEST, read_manifest, verify
from pipeline.device import Device
from pipeline.export import measure, networks, precompile
from pipeline.export.checkpoint import read_checkpoint
from pipeline.export.compress import FP16, RECIPES, compress
from pipeline.export.convert import convert
from pipeline.export.folder import Inputs, Partial
from pipeline.export.graph import pieces
from pipeline.export.layers import SincosPatchEmbed
from pipeline.export.measure import check_floor
from pipeline.export.preview import fit
from pipeline.export.quiet import quiet
from pipeline.export.reference import PROMPTS
from pipeline.variants import find_variant
from tests import full_size
from tests.tiny_checkpoint import build, text_encoder, transformer

HEADS = 6  # a width of 96: does not divide into groups of 64


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return build(tmp_path_factory.mktemp("export") / "tiny-sana", heads=HEADS)


@pytest.fixture(scope="module")
def interrupted(checkpoint):
    """An int4 export, interrupted at the last component and run again: the folder and the second run's lines."""
    output = checkpoint.parent / "int4"

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(export.STAGES, "vae_decoder", interrupt)
        with pytest.raises(KeyboardInterrupt):
            precompile(checkpoint, output, "int4", progress=lambda line: None)
    assert not output.exists()
    assert output.with_name("int4.partial").is_dir()
    lines: list[str] = []
    precompile(checkpoint, output, "int4", progress=lines.append)
    return output, lines


@pytest.fixture(scope="module")
def int4(interrupted):
    return interrupted[0]


def test_an_interrupted_run_is_continued(interrupted):
    output, lines = interrupted
    assert [line.partition(":")[0] for line in lines[:3]] == ["text_encoder", "transformer", "vae_decoder"]
    assert ["kept from the interrupted run" in line for line in lines[:3]] == [True, True, False]
    assert not output.with_name("int4.partial").exists()
    verify(output)


def test_an_interrupted_run_ends_with_the_files_of_an_undisturbed_one(checkpoint, int4):
    undisturbed = precompile(checkpoint, checkpoint.parent / "undisturbed", "int4", progress=lambda line: None)
    assert read_manifest(undisturbed).files == read_manifest(int4).files


def test_the_manifest_tells_what_was_made_of_what(int4):
    manifest = read_manifest(int4)
    assert (manifest.source, manifest.family, manifest.compression) == ("tiny-sana", "flow", "int4")
    assert str(manifest.revision).startswith("sha256:")
    assert manifest.defaults.max_size == 512
    assert {name: record["compression"] for name, record in manifest.components.items()} == {
        "text_encoder": "int8",
        "transformer": "int4",
        "vae_decoder": "int8",
    }
    assert all(record["parity_db"] > 25 for record in manifest.components.values())
    assert np.shape(manifest.preview["matrix"]) == (3, 32)
    everything = "".join(path.read_text() for path in int4.rglob("*") if path.suffix in (".json", ".xml"))
    assert str(int4.parent) not in everything, "a path of this machine"


def test_layers_that_do_not_divide_into_groups_fall_back_and_are_recorded(int4):
    record = read_manifest(int4).components["transformer"]
    assert record["weights"]["i4 by 64"] > 0, "the caption projection has 64 channels"
    to_q = [precision for name, precision in record["fallback"].items() if "attn1.to_q" in name]
    assert to_q == ["i4 by 32"] * 2, "96 channels divide into groups of 32"


def test_a_second_run_does_nothing_and_says_so(checkpoint, int4):
    before = {path: path.stat().st_mtime_ns for path in int4.rglob("*")}
    lines: list[str] = []
    assert precompile(checkpoint, int4, "int4", progress=lines.append) == int4
    assert len(lines) == 1
    assert "nothing to do" in lines[0]
    assert {path: path.stat().st_mtime_ns for path in int4.rglob("*")} == before


def test_an_output_of_other_inputs_is_refused_and_left_as_it_is(checkpoint, int4, tmp_path):
    with pytest.raises(SanaError, match="made from another checkpoint, compression or tool version"):
        precompile(checkpoint, int4, "int8")
    changed = shutil.copytree(checkpoint, tmp_path / "changed")
    sana = json.loads((changed / "sana.json").read_text())
    (changed / "sana.json").write_text(json.dumps({**sana, "max_sequence_length": 100}))
    with pytest.raises(SanaError, match="made from another checkpoint"):
        precompile(changed, int4, "int4")
    verify(int4)


def test_a_damaged_output_is_refused(checkpoint, int4, tmp_path):
    damaged = shutil.copytree(int4, tmp_path / "damaged")
    (damaged / "transformer" / "config.json").write_text("{}")
    with pytest.raises(SanaError, match=r"config\.json has 2 bytes .* Remove .*damaged first"):
        precompile(checkpoint, damaged, "int4")


@pytest.mark.parametrize("place", ["output", "output.partial"])
def test_a_folder_of_somebody_else_is_refused_and_left_as_it_is(checkpoint, tmp_path, place):
    (tmp_path / place).mkdir()
    (tmp_path / place / "thesis.txt").write_text("x")
    with pytest.raises(SanaError, match=r"precompile\.py did not write it"):
        precompile(checkpoint, tmp_path / "output", "fp16")
    assert [path.name for path in tmp_path.rglob("*")] == [place, "thesis.txt"]


def test_what_was_begun_with_other_inputs_is_begun_again(tmp_path):
    first = Partial(tmp_path / "output", Inputs("a", "fp16", {}))
    first.finish("text_encoder", {"parity_db": 1.0})
    (first.folder / "text_encoder").mkdir()
    assert set(Partial(tmp_path / "output", Inputs("a", "fp16", {})).components) == {"text_encoder"}
    other = Partial(tmp_path / "output", Inputs("b", "fp16", {}))
    assert other.components == {}
    assert list(other.folder.iterdir()) == []


@pytest.mark.parametrize("compression", ["int8", "w8a8"])
def test_compressed_folders_load_and_draw_nearly_the_same(checkpoint, tmp_path, compression):
    folder = precompile(checkpoint, tmp_path / compression, compression, progress=lambda line: None)
    manifest = read_manifest(folder)
    assert [picture["prompt"] for picture in manifest.pictures] == list(PROMPTS)
    for picture in manifest.pictures:
        assert picture["psnr_db"] > 20
        assert 0.5 < picture["ssim"] < 1
    pipe = SanaPipeline.from_pretrained(folder)
    red, blue = (pipe(prompt, num_inference_steps=1, output_type="np").images for prompt in ("red", "blue"))
    assert red.shape == (1, 256, 256, 3)
    assert red.std() > 0.02
    assert not np.array_equal(red, blue)


def test_int4_reaches_nearly_all_of_a_transformer():
    """One block of the 0.6B model's shape; counted in the IR: weights in 4 bits among all weights."""
    with quiet():
        block = full_size.transformer(find_variant("Sana_Sprint_0.6B_1024px_diffusers"), layers=1).eval()
        network = networks.transformer(block)
        ir, record = compress(convert(network.module, network.example), RECIPES["int4"]["transformer"], [])
    assert record["fallback"] == {}
    sizes = Counter()
    for operation in ir.get_ops():
        if operation.get_type_name() == "Constant" and len(operation.get_output_shape(0)) > 1:
            sizes[operation.get_element_type().get_type_name()] += math.prod(operation.get_output_shape(0))
    scales = sizes["i4"] // 64
    assert sizes["i4"] >= 0.95 * (sizes.total() - scales)


def test_a_component_below_its_floor_is_refused_by_name(checkpoint, tmp_path, monkeypatch):
    demanding = dict.fromkeys(RECIPES["fp16"], dataclasses.replace(FP16, floor=150))
    monkeypatch.setitem(RECIPES, "fp16", demanding)
    with pytest.raises(SanaError, match=r"text_encoder is too far .* fp16 compression: \d+\.\d dB, at least 150 dB"):
        precompile(checkpoint, tmp_path / "output", progress=lambda line: None)
    assert not (tmp_path / "output").exists()


def test_psnr_is_that_of_its_definition():
    reference = np.array([0.0, 10.0, 5.0])
    assert parity.psnr(reference, reference) == parity.MOST
    assert parity.psnr(reference + 0.1, reference) == pytest.approx(40)
    assert np.isnan(parity.psnr(np.array([0.0, np.nan, 5.0]), reference))
    with pytest.raises(SanaError, match="vae_decoder"):
        check_floor("vae_decoder", "conversion", float("nan"), 10)


@pytest.mark.parametrize("part", ["text encoder", "transformer"])
def test_a_model_in_pieces_answers_like_the_whole(part):
    network = (
        networks.transformer(transformer(8, sprint=True))
        if part == "transformer"
        else networks.text_encoder(text_encoder(), [2, 50, 60, 70], [80, 90])
    )
    with quiet():
        ir = convert(network.module, network.example)
    chain = pieces(ir, most_weights=1000)
    assert len(chain) == 2, "as many as there are blocks"
    assert all("states" in [port.get_any_name() for port in piece.inputs] for piece in chain[1:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "MOST_WEIGHTS", 1000)
        assert measure.measure_in_pieces(ir, network.samples) >= 120


def test_the_preview_is_fitted_to_the_pictures():
    rng = np.random.default_rng(0)
    matrix, bias = rng.normal(size=(3, 32)), np.array([0.1, 0.5, 0.9])
    latents = rng.normal(size=(8, 32, 8, 8))
    colours = np.einsum("rc,nchw->nrhw", matrix, latents) + bias[:, None, None]
    fitted = fit(latents, colours)
    np.testing.assert_allclose(fitted["matrix"], matrix, atol=0.02)
    np.testing.assert_allclose(fitted["bias"], bias, atol=0.02)


@pytest.fixture(scope="module")
def text_network():
    """A random text encoder, its module, and its f32 IR."""
    model = text_encoder()
    network = networks.text_encoder(copy.deepcopy(model), [2, 50, 60, 70], [80, 90])
    with quiet():
        ir = convert(network.module, network.example)
    return model, Device().compile(ir)


@pytest.mark.parametrize(("known", "new"), [(40, 1), (40, 20), (17, 43), (1, 59), (0, 60)])
def test_a_prefix_cut_short_stays_valid(text_network, known, new):
    model, compiled = text_network
    generator = torch.Generator().manual_seed(known)
    token_ids = torch.randint(3, 300, (known + new,), generator=generator)
    _, keys, values = networks.hidden_states_and_cache(model, [*token_ids[:known].tolist(), 5, 6, 7])
    inputs = {
        "input_ids": token_ids[None, known:].numpy(),
        "position_ids": np.arange(known, known + new)[None],
        "past_keys": np.ascontiguousarray(keys[:, :, :known]),
        "past_values": np.ascontiguousarray(values[:, :, :known]),
    }
    with torch.no_grad():
        expected = model(token_ids[None]).last_hidden_state[:, known:].numpy()
    np.testing.assert_allclose(compiled(inputs)[0], expected, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (8, 8), (5, 12), (20, 3), (32, 64)])
@pytest.mark.parametrize("interpolation_scale", [1.0, 2.0])
def test_positions_are_those_of_diffusers_at_any_size(height, width, interpolation_scale):
    original = transformer(16, interpolation_scale, heads=4).patch_embed
    latents = torch.zeros(1, 32, height, width)
    with torch.no_grad():
        torch.testing.assert_close(SincosPatchEmbed(original)(latents), original(latents), rtol=0, atol=1e-5)


def test_without_sana_json_a_checkpoint_gets_diffusers_defaults(checkpoint, tmp_path):
    copy = shutil.copytree(checkpoint, tmp_path / "plain")
    (copy / "sana.json").unlink()
    plain = read_checkpoint(copy)
    assert len(plain.instruction) == 8
    assert plain.instruction[-1] == "User Prompt: "
    assert plain.max_sequence_length == 300
    assert dataclasses.astuple(plain.defaults) == (256, 256, 20, 4.5, 128, 512)
    assert plain.fingerprint != read_checkpoint(checkpoint).fingerprint


def test_manifest_is_all_that_tells_a_complete_folder(int4):
    assert (int4 / MANIFEST).is_file()
    assert not list(int4.rglob("progress*"))
