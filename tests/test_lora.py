"""LoRAs that are fused in an export: parity with diffusers, what the folder says of them, and what is refused."""

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import precompile as program
from pipeline import SanaError, SanaPipeline
from pipeline.domain.errors import ArtifactError
from pipeline.export import precompile
from pipeline.export.checkpoint import read_checkpoint
from pipeline.export.lora_fusing import read_lora
from pipeline.generation.metadata import write_png
from pipeline.hub.lora_source import WEIGHTS, find_lora
from pipeline.miniature import CHECKPOINT
from pipeline.miniature.kinds import HANDS, KINDS
from pipeline.miniature.training import ink_lora
from pipeline.miniature.training.transformer import CONFIG
from pipeline.model_folder.manifest import read_manifest
from pipeline.model_folder.parity import psnr
from pipeline.publish.model_card import model_card
from tests.fake_hub import FakeHub
from tests.loras import ATTENTION, FEED_FORWARD, Tensors, add_by_hooks, random_lora, write_lora
from tests.test_parity import FLOOR, Pair
from tests.tiny_checkpoint import build, transformer

STYLE, OBJECT = "style.safetensors:1", f"object/{WEIGHTS}:0.5"
ALPHA = 3.0  # of the second LoRA, whose layers have rank 6


def silent(progress: object) -> None:
    pass


@pytest.fixture(scope="module")
def network() -> Any:
    return transformer(8)


@pytest.fixture(scope="module", params=["flow", pytest.param("sprint", marks=pytest.mark.long)])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a checkpoint, two LoRAs, and the IR with both fused."""
    root = tmp_path_factory.mktemp(request.param)
    checkpoint = build(root / "checkpoint", family=request.param)
    model = diffusers.SanaTransformer2DModel.from_pretrained(checkpoint / "transformer")
    write_lora(root / "style.safetensors", random_lora(model, ATTENTION))
    write_lora(
        root / "object" / WEIGHTS,
        random_lora(model, FEED_FORWARD, rank=6, seed=1),
        r=6,
        lora_alpha=ALPHA,
        target_modules=["any"],
        use_dora=False,
        lora_bias=False,
    )
    (root / "object" / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Hands\n")
    loras = [find_lora(str(root / text), silent) for text in (STYLE, OBJECT)]
    precompile(checkpoint, root / "ir", "fp16", on_progress=silent, loras=loras)
    return root


@pytest.mark.parametrize("way", ["hooks", "peft"])
def test_the_same_picture_as_diffusers_with_the_same_loras(trained: Path, way: str) -> None:
    if way == "peft" and not find_spec("peft"):
        pytest.skip("diffusers' own way needs peft, which nothing else here does: pip install peft")
    pair = Pair(trained / "checkpoint", trained / "ir")
    settings: dict[str, Any] = {"width": 256, "height": 256, "guidance_scale": 4.5}
    without = pair.psnr("a red house", **settings)
    if way == "peft":
        pair.theirs.load_lora_weights(trained / "style.safetensors", adapter_name="style")
        pair.theirs.load_lora_weights(trained / "object", adapter_name="object")
        pair.theirs.set_adapters(["style", "object"], [1.0, 0.5])
    else:
        add_by_hooks(pair.theirs.transformer, trained / "style.safetensors", 1.0)
        half = 0.5 * ALPHA / 6
        add_by_hooks(pair.theirs.transformer, trained / "object" / WEIGHTS, half)
    assert pair.psnr("a red house", **settings) >= FLOOR
    assert without < FLOOR - 20


def test_the_folder_the_picture_and_the_card_name_them(trained: Path, tmp_path: Path) -> None:
    manifest = read_manifest(trained / "ir")
    style, hands = manifest.model.loras
    assert (style.name, style.scale, style.licence) == ("style", 1.0, None)
    assert (hands.name, hands.scale, hands.licence) == ("object", 0.5, "cc-by-4.0")
    assert manifest.model.name == "checkpoint + style + object (fp16)"
    image = SanaPipeline.from_pretrained(trained / "ir")("a house", num_inference_steps=1).images[0]
    recorded = json.loads(image.info["sana"])["model"]["loras"]
    assert [(each["name"], each["scale"], each["sha256"]) for each in recorded] == [
        (each.name, each.scale, each.sha256) for each in (style, hands)
    ]
    assert f'Lora hashes: "style: {style.sha256[:12]}, object: {hands.sha256[:12]}"' in image.info["parameters"]
    write_png(image, tmp_path / "a.png")
    card = model_card(manifest, trained / "checkpoint", "you/name", "v1")
    assert "Fused into it: the LoRA style at scale 1, the LoRA object at scale 0.5." in card
    assert "The LoRA object is under cc-by-4.0." in card
    assert "The LoRA style says nothing of its licence: ask who made style." in card


def test_other_loras_are_another_export(trained: Path) -> None:
    told: list[str] = []
    loras = [find_lora(str(trained / text), silent) for text in (STYLE, OBJECT)]
    precompile(trained / "checkpoint", trained / "ir", on_progress=lambda each: told.append(each.text), loras=loras)
    assert "up to date" in told[-1]
    for others in ([], loras[:1], loras[::-1], [loras[0], find_lora(f"{trained / 'object'}:0.6", silent)]):
        with pytest.raises(SanaError, match="another checkpoint, LoRA, compression"):
            precompile(trained / "checkpoint", trained / "ir", on_progress=silent, loras=others)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_checkpoint_of_any_type_is_fused_exactly_enough(tmp_path: Path, dtype: torch.dtype, network: Any) -> None:
    """The scales of each layer are those of peft: ranks and alphas of its own, rank-stabilised."""
    checkpoint = build(tmp_path / "checkpoint")
    model = diffusers.SanaTransformer2DModel.from_pretrained(checkpoint / "transformer")
    model.to(dtype).save_pretrained(checkpoint / "transformer")
    tensors = random_lora(network, ("attn1.to_q", "ff.conv_inverted"))
    tensors |= random_lora(network, ("transformer_blocks.1.attn2.to_k",), rank=9)
    config = {"r": 4, "lora_alpha": 2, "rank_pattern": {"^transformer_blocks.1.attn2.to_k": 9}}
    config |= {"alpha_pattern": {"attn1.to_q": 5.0}, "use_rslora": True}
    file = write_lora(tmp_path / "a.safetensors", {name: each.half() for name, each in tensors.items()}, **config)
    fused = read_checkpoint(checkpoint, loras=[find_lora(f"{file}:-5", silent)]).load_model("transformer")

    def factor(name: str) -> float:
        return -5 * (5.0 if name.endswith("attn1.to_q") else 2.0) / (9 if "attn2" in name else 4) ** 0.5

    theirs = model.float()
    inputs = {
        "hidden_states": torch.randn(1, 32, 4, 6),
        "encoder_hidden_states": torch.randn(1, 5, 64),
        "timestep": torch.tensor([500.0]),
    }
    with torch.no_grad():
        plain = theirs(**inputs).sample
        add_by_hooks(theirs, file, factor)
        expected, found = theirs(**inputs).sample, fused(**inputs).sample
    peak = float(expected.abs().max())
    assert psnr(found.numpy() / peak, expected.numpy() / peak, peak=1.0) >= FLOOR
    assert psnr(plain.numpy() / peak, expected.numpy() / peak, peak=1.0) < FLOOR - 10


def renamed(tensors: Tensors, old: str, new: str) -> Tensors:
    return {name.replace(old, new): tensor for name, tensor in tensors.items()}


def spoiled(tensors: Tensors, value: float) -> Tensors:
    name = next(iter(tensors))
    tensor = tensors[name].clone()
    tensor.view(-1)[0] = value
    return {**tensors, name: tensor}


def kohya(tensors: Tensors) -> Tensors:
    names = {name: name.replace("transformer.", "", 1).replace(".lora", "|lora") for name in tensors}
    parts = {name: each.split("|") for name, each in names.items()}
    halves = {"lora_A.weight": "lora_down.weight", "lora_B.weight": "lora_up.weight"}
    return {
        f"lora_unet_{layer.replace('.', '_')}.{halves[half]}": tensors[name] for name, (layer, half) in parts.items()
    }


BAD: list[tuple[Callable[[Tensors], Tensors], dict[str, Any], str]] = [
    (lambda each: {}, {}, "it is empty"),
    (kohya, {}, "of kohya's format, whose names do not tell where a layer's name ends"),
    (lambda each: renamed(each, "transformer.", "base_model.model."), {}, "is as peft saves it"),
    (lambda each: renamed(each, "transformer.", ""), {}, "not of diffusers' format"),
    (lambda each: renamed(each, "transformer.", "diffusion_model."), {}, "not of diffusers' format"),
    (lambda each: renamed(each, "transformer.", "text_encoder."), {}, "changes the text encoder"),
    (lambda each: renamed(each, "lora_A.weight", "dora_scale"), {}, "makes it a DoRA"),
    (lambda each: renamed(each, "lora_A.weight", "lokr_w1"), {}, "makes it a LoKr"),
    (
        lambda each: renamed(each, "transformer_blocks", "single_blocks"),
        {},
        "another architecture: this transformer has",
    ),
    (lambda each: renamed(each, "blocks.1", "blocks.7"), {}, "has no transformer_blocks.7.attn1.to_q"),
    (lambda each: renamed(each, ".to_q", ""), {}, "neither a linear layer nor a convolution"),
    (lambda each: {name: half for name, half in each.items() if "lora_A" in name}, {}, "and no lora_B.weight"),
    (lambda each: {name: half for name, half in each.items() if "lora_B" in name}, {}, "and no lora_A.weight"),
    (lambda each: {name: half[:, :3] for name, half in each.items()}, {}, "is for another transformer"),
    (
        lambda each: {name: half[:0] if "_A" in name else half[:, :0] for name, half in each.items()},
        {},
        "another trans",
    ),
    (lambda each: spoiled(each, float("nan")), {}, "holds what is no finite number"),
    (lambda each: spoiled(each, float("inf")), {}, "holds what is no finite number"),
    (lambda each: {name: half.int() for name, half in each.items()}, {}, "holds what is no finite number"),
    (lambda each: each, {"r": 8}, "has rank 4, and its metadata says another"),
    (lambda each: each, {"r": 4, "use_dora": True}, "of its metadata, its 'use_dora'"),
    (lambda each: each, {"r": 4, "lora_alpha": "4"}, "of its metadata, its 'lora_alpha'"),
    (lambda each: each, {"r": 4, "init_lora_weights": "pissa"}, "changed the checkpoint as well"),
    (lambda each: each, {"r": 4, "alpha_pattern": {"(a+)+$": 4}}, "is no name of a layer"),
]


@pytest.mark.parametrize(("change", "config", "message"), BAD, ids=[message[:30] for _, _, message in BAD])
def test_a_lora_that_cannot_be_fused_is_refused_in_one_sentence(
    tmp_path: Path, network: Any, change: Callable[[Tensors], Tensors], config: dict[str, Any], message: str
) -> None:
    file = write_lora(tmp_path / "a.safetensors", change(random_lora(network, ("attn1.to_q",))), **config)
    with pytest.raises(ArtifactError, match=message.replace("(", r"\(")) as caught:
        read_lora(find_lora(str(file), silent), network)
    assert str(caught.value).startswith(f"The LoRA {file} cannot be fused: ")
    assert "\n" not in str(caught.value)


def test_a_depthwise_convolution_and_a_bias_without_one_are_refused(tmp_path: Path, network: Any) -> None:
    tensors = random_lora(network, ("transformer_blocks.0.ff.conv_depth",))
    with pytest.raises(ArtifactError, match=r"changes transformer_blocks.0.ff.conv_depth, a convolution whose"):
        read_lora(find_lora(str(write_lora(tmp_path / "a.safetensors", tensors)), silent), network)
    tensors = random_lora(network, ("transformer_blocks.0.attn1.to_q",))
    tensors["transformer.transformer_blocks.0.attn1.to_q.lora_B.bias"] = torch.ones(64)
    with pytest.raises(ArtifactError, match=r"has a bias of shape \(64,\)"):
        read_lora(find_lora(str(write_lora(tmp_path / "b.safetensors", tensors)), silent), network)


def test_what_names_no_lora_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "two").mkdir()
    for name in ("two/a.safetensors", "two/b.safetensors", "a.safetensors", "a.bin", "a.zip"):
        (tmp_path / name).write_bytes(b"nonsense")
    output = tmp_path / "output"
    for text in ("", ":0.5"):
        assert program.main(["--output", str(output), "--lora", text]) == 2
        assert "names no LoRA" in capsys.readouterr().err
    for text, message in {
        "none.safetensors": "There is no LoRA",
        "empty": "it has no .safetensors file",
        "two": f"holds 2 .safetensors files, and none is {WEIGHTS}",
        "a.bin": "is a pickle, which could run code",
        "a.zip": "must be a .safetensors file",
        "a.safetensors": "is no safetensors file, or a damaged one",
        "a.safetensors:much": "must be a number from -10 to 10, not 'much'",
        "a.safetensors:nan": "must be a number from -10 to 10, not 'nan'",
        "a.safetensors:11": "must be a number from -10 to 10, not '11'",
        "a.safetensors:": "must be a number from -10 to 10, not ''",
    }.items():
        assert program.main(["--output", str(output), "--lora", str(tmp_path / text)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
        assert not output.exists()


def test_a_lora_of_the_hub_is_pinned_and_keeps_its_licence(hub: FakeHub, tmp_path: Path, network: Any) -> None:
    file = write_lora(tmp_path / WEIGHTS, random_lora(network, ("attn1.to_q",)))
    card = b"---\nlicense: other\nlicense_name: mine\nlicense_link: LICENSE.md\n---\n# A LoRA\n"
    files = {WEIGHTS: file.read_bytes(), "README.md": card, "LICENSE.md": b"terms", "sample.png": b"png"}
    repo = hub.add("tester/lora", files)
    commit = repo.main
    repo.commit({**files, WEIGHTS: b"another"})
    source = find_lora(f"tester/lora@{commit}:0.5", silent)
    assert source.path.read_bytes() == file.read_bytes()
    found = source.lora
    assert (found.name, found.scale, found.revision, found.licence) == ("tester/lora", 0.5, commit, "mine")
    assert found.licence_link == f"https://huggingface.co/tester/lora/blob/{commit}/LICENSE.md"
    assert read_lora(source, network).factors["transformer_blocks.0.attn1.to_q"] == 0.5
    assert not [request for request in hub.requests if "sample.png" in request]
    hub.add("tester/gone", {WEIGHTS: file.read_bytes(), "README.md": card})
    assert find_lora("tester/gone", silent).lora.licence_link is None
    hub.add("tester/pickle", {"pytorch_lora_weights.bin": b"pickle"})
    with pytest.raises(SanaError, match="is a pickle, which could run code"):
        find_lora("tester/pickle", silent)
    with pytest.raises(SanaError, match="tester/none"):
        find_lora("tester/none", silent)


def test_adapters_in_a_checkpoint_are_refused(tmp_path: Path, network: Any) -> None:
    original = build(tmp_path / "original")
    adapter = random_lora(network, ("attn1.to_q",))

    def beside(folder: Path) -> None:
        """Put the adapter's tensors beside the plain ones: libraries ignore what they do not know."""
        path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
        own = {name.removeprefix("transformer."): tensor for name, tensor in adapter.items()}
        save_file({**load_file(path), **own}, path, {"format": "pt"})

    def below(folder: Path) -> None:
        path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
        save_file({name.replace("to_q.", "to_q.base_layer."): each for name, each in load_file(path).items()}, path)

    def saved_by_peft(folder: Path) -> None:
        (folder / "text_encoder" / "adapter_config.json").write_text("{}")

    def second_file(folder: Path) -> None:
        save_file(renamed(adapter, "transformer.", "base_model.model."), folder / "text_encoder" / "a.safetensors")

    def at_the_root(folder: Path) -> None:
        write_lora(folder / WEIGHTS, adapter)

    for number, damage in enumerate((beside, below, saved_by_peft, second_file, at_the_root)):
        folder = shutil.copytree(original, tmp_path / str(number))
        damage(folder)
        with pytest.raises(ArtifactError, match="of an adapter that is not fused"):
            read_checkpoint(folder)
    assert read_checkpoint(folder, loras=[find_lora(str(folder / WEIGHTS), silent)]).model.loras


def test_a_trained_lora_of_the_miniature_can_be_fused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    art = np.full((len(KINDS), len(HANDS), 16, 16, 4), 200, np.uint8)  # the sprites are not in the repository
    monkeypatch.setattr("pipeline.miniature.training.world.sprites.load", lambda: art)
    before, after = ink_lora.train(tmp_path / "ink.safetensors", steps=2, scenes=2, held_out=2)
    assert after != before
    source = find_lora(str(tmp_path / "ink.safetensors"), silent)
    layers = CONFIG["num_layers"]
    assert len(read_checkpoint(CHECKPOINT, loras=[source]).files.loras[0].factors) == layers * len(ink_lora.LAYERS)
