"""Checkpoints by name from the Hub, for precompile.py."""

import json
from pathlib import Path

from pipeline.export.checkpoint import read_checkpoint
from pipeline.hub.checkpoint_download import find_checkpoint, find_vae
from tests.tiny_checkpoint import build


def test_of_a_checkpoint_only_the_variant_to_be_read_is_fetched(hub):
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
        source = find_checkpoint(name, lambda progress: None)
        assert source.name == name
        paths = sorted(path.relative_to(source.folder).as_posix() for path in source.folder.rglob("*.safetensors"))
        assert len(paths) == len(fetched)
        assert all(part in path for part, path in zip(fetched, paths, strict=True))
        assert (source.folder / "LICENSE.txt").is_file()
        assert not (source.folder / "asset").exists()
    vae = find_vae("tester/tuned@main", lambda progress: None)
    assert (vae / "vae" / f"{weights}.safetensors").is_file()
    hub.add(
        "mit-han-lab/lite", {"config.json": b"{}", f"{weights}.safetensors": b"x", f"old/{weights}.safetensors": b"x"}
    )
    lite = find_vae("mit-han-lab/lite", lambda progress: None)
    assert sorted(path.name for path in lite.rglob("*") if path.is_file()) == ["config.json", f"{weights}.safetensors"]


def test_a_local_checkpoint_is_not_asked_for(hub, tmp_path, monkeypatch):
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("owner/name", print) == (Path("owner/name"), None)
    assert find_checkpoint("./missing", print) == (Path("missing"), None)
    assert hub.requests == []


def test_a_checkpoint_on_the_hub_is_known_by_its_name(hub, tmp_path):
    folder = build(tmp_path / "checkpoint")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.add("tester/tiny", files)
    found = find_checkpoint("tester/tiny", lambda progress: None)
    checkpoint = read_checkpoint(found.folder, name=found.name)
    assert checkpoint.model.source == "tester/tiny"
    assert checkpoint.model.revision == read_checkpoint(folder).model.revision
    assert checkpoint.load_model("transformer") is not None
    assert json.loads((found.folder / "sana.json").read_text())["max_sequence_length"] == 300
