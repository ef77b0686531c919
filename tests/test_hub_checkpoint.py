"""Checkpoints by name from the Hub, for precompile.py."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import precompile as precompile_program
from pipeline.domain.catalogue import CATALOGUE, ModelVariant
from pipeline.domain.families import SPRINT
from pipeline.export.checkpoint import read_checkpoint
from pipeline.hub.checkpoint_download import fetch_checkpoint, fetch_vae, find_configuration
from pipeline.model_folder.configurations import read_configurations
from tests import full_size
from tests.fake_hub import FakeHub
from tests.model_files import CHECKPOINT, edit, write_files
from tests.tiny_checkpoint import build


def test_of_a_checkpoint_only_the_variant_to_be_read_is_fetched(hub: FakeHub) -> None:
    weights = "diffusion_pytorch_model"
    stored = {f"{part}/config.json": b"{}" for part in ("text_encoder", "transformer", "vae")}
    stored |= {"model_index.json": b"{}", "README.md": b"", "asset/logo.png": b"x", "LICENSE.txt": b"x"}
    for part, names in {
        "text_encoder": ("model.fp16-00001-of-00002", "model.fp16-00002-of-00002", "model-00001-of-00001"),
        "transformer": (f"{weights}.fp16", weights),
        "vae": (weights,),
    }.items():
        stored |= {f"{part}/{name}.safetensors": b"x" for name in names}
    hub.add("Efficient-Large-Model/Sana_600M_512px_diffusers", stored)
    hub.add("tester/tuned", stored)
    for name, fetched in (
        ("Efficient-Large-Model/Sana_600M_512px_diffusers", ["fp16", "fp16", "fp16", "vae"]),
        ("tester/tuned", ["text_encoder/model-0", "transformer/diff", "vae"]),
    ):
        source = fetch_checkpoint(find_configuration(name), lambda progress: None)
        assert source.name == name
        paths = sorted(path.relative_to(source.folder).as_posix() for path in source.folder.rglob("*.safetensors"))
        assert len(paths) == len(fetched)
        assert all(part in path for part, path in zip(fetched, paths, strict=True))
        assert (source.folder / "LICENSE.txt").is_file()
        assert not (source.folder / "asset").exists()
    vae = fetch_vae(find_configuration("tester/tuned@main"), lambda progress: None).folder
    assert (vae / "vae" / f"{weights}.safetensors").is_file()
    hub.add(
        "mit-han-lab/lite", {"config.json": b"{}", f"{weights}.safetensors": b"x", f"old/{weights}.safetensors": b"x"}
    )
    lite = fetch_vae(find_configuration("mit-han-lab/lite"), lambda progress: None).folder
    assert sorted(path.name for path in lite.rglob("*") if path.is_file()) == ["config.json", f"{weights}.safetensors"]


def test_a_local_checkpoint_is_not_asked_for(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert fetch_checkpoint(find_configuration("owner/name"), print) == (Path("owner/name"), None)
    assert fetch_checkpoint(find_configuration("./missing"), print) == (Path("missing"), None)
    assert hub.requests == []


def test_a_checkpoint_on_the_hub_is_known_by_its_name(hub: FakeHub, tmp_path: Path) -> None:
    folder = build(tmp_path / "checkpoint")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.add("tester/tiny", files)
    found = fetch_checkpoint(find_configuration("tester/tiny"), lambda progress: None)
    checkpoint = read_checkpoint(found.folder, name=found.name)
    assert checkpoint.model.source == "tester/tiny"
    assert checkpoint.model.revision == read_checkpoint(folder).model.revision
    assert checkpoint.load_model("transformer") is not None
    assert json.loads((found.folder / "sana.json").read_text())["max_sequence_length"] == 300


def test_what_cannot_be_exported_is_not_fetched(
    hub: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build(tmp_path / "checkpoint")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    index = json.loads(files["model_index.json"])
    index["scheduler"] = ["diffusers", "DDIMScheduler"]
    damages = {
        "model_index.json": (json.dumps(index).encode(), "unknown scheduler of class DDIMScheduler"),
        "tokenizer/tokenizer.json": (b'{"version": "9"}', "tokenizer cannot be loaded"),
        "transformer/config.json": (
            files["transformer/config.json"].replace(b"{", b'{"quantization_config": {"quant_method": "x"},', 1),
            "'quantization_config'",
        ),
    }
    for number, (name, (content, message)) in enumerate(damages.items()):
        hub.add(f"tester/bad{number}", {**files, name: content})
        bad, output = f"tester/bad{number}", str(tmp_path / "output")
        assert precompile_program.main(["--model", bad, "--output", output]) == 2
        assert message in capsys.readouterr().err
        local = tmp_path / str(number)  # a folder of the same content says the same
        shutil.copytree(folder, local)
        (local / name).write_bytes(content)
        assert precompile_program.main(["--model", str(local), "--output", output]) == 2
        assert message in capsys.readouterr().err
    assert not [request for request in hub.requests if "safetensors" in request or "/blobs/" in request]


def test_a_snapshot_of_the_hubs_cache_is_the_model_of_its_repo(hub: FakeHub, tmp_path: Path) -> None:
    """The path is the one that `hf download` prints. Weights, clip and terms are those of the published model."""
    published = next(variant for variant in CATALOGUE if variant.clip)
    folder = build(tmp_path / "models--Efficient-Large-Model--Sana_600M_512px_diffusers" / "snapshots" / "0123abcd")
    assert published.name in str(folder)
    for part, name in (("transformer", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model")):
        shutil.copy(folder / part / f"{name}.safetensors", folder / part / f"{name}.fp16.safetensors")
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.model.source, checkpoint.published) == (published.repo, published)
    assert checkpoint.weights["transformer"].variant == "fp16"
    other = read_checkpoint(shutil.copytree(folder, tmp_path / published.name))
    assert other.published is None, "what has its name only is something else"
    assert other.model.revision == checkpoint.model.revision


@pytest.mark.parametrize("variant", CATALOGUE, ids=lambda variant: variant.name)
def test_a_published_checkpoint_is_known_by_its_configurations(tmp_path: Path, variant: ModelVariant) -> None:
    folder = write_files(tmp_path / "any", CHECKPOINT)
    with torch.device("meta"):
        config = dict(full_size.transformer(variant, layers=1).config)
    config = {**config, "num_layers": variant.layers}
    (folder / "transformer" / "config.json").write_text(json.dumps(config))
    edit(folder / "text_encoder" / "config.json", "hidden_size", config["caption_channels"])
    if variant.family is SPRINT:
        edit(folder / "model_index.json", "_class_name", "SanaSprintPipeline")
        edit(folder / "model_index.json", "scheduler", ["diffusers", "SCMScheduler"])
        (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    assert read_configurations(folder, folder / "vae").published(variant.repo) is variant
