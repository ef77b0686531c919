"""The card of a published model: its licence, its figures, and a picture that it made."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from pipeline.domain.catalogue import CATALOGUE
from pipeline.generation.metadata import read_settings
from pipeline.model_folder.manifest import Manifest, read_manifest
from pipeline.publish import publish
from pipeline.publish.model_card import model_card
from tests.fake_hub import WRITE, FakeHub
from tests.hub_helpers import NAME

ROOT = Path(__file__).parents[1]


def described(manifest: Manifest, **changes: Any) -> Manifest:
    return dataclasses.replace(manifest, model=dataclasses.replace(manifest.model, **changes))


def test_the_card_carries_the_licence_and_passes_the_hub(hub: FakeHub, model: Path, tmp_path: Path) -> None:
    manifest = read_manifest(model)
    sana = described(manifest, source=CATALOGUE[0].repo, compression="int8")
    card = ModelCard(model_card(sana, tmp_path, NAME, "v1"))
    assert hub.finds_wrong("model", str(card)) == []
    data = card.data.to_dict()
    assert data["base_model"] == CATALOGUE[0].repo
    assert data["base_model_relation"] == "quantized"
    assert (data["library_name"], data["pipeline_tag"]) == ("openvino", "text-to-image")
    assert data["license"] == "other"
    assert data["license_name"] == "nscl-v2-custom-and-gemma-terms"
    assert data["license_link"] == f"https://huggingface.co/{CATALOGUE[0].repo}/blob/main/LICENSE.txt"
    assert "Gemma Terms of Use" in card.text
    for picture in manifest.model.pictures:
        assert f"| {picture['prompt']} | {picture['psnr_db']:.1f} dB |" in card.text
    for name, record in manifest.model.components.items():
        assert f"| {name} | {record['compression']} |" in card.text
    assert f"openvino {manifest.tools['openvino']}" in card.text
    assert f'from_pretrained("{NAME}@v1")' in card.text
    assert f"python app.py --model {NAME}@v1" in card.text

    by_name = described(manifest, source=CATALOGUE[0].name)
    assert f"base_model: {CATALOGUE[0].repo}" in model_card(by_name, tmp_path, NAME, "v1")
    assert "license: apache-2.0" in model_card(manifest, ROOT / "pipeline" / "miniature" / "checkpoint", NAME, "v1")
    assert "base_model" not in model_card(manifest, tmp_path, NAME, "v1")
    assert "license: unknown" in model_card(manifest, tmp_path, NAME, "v1")
    (tmp_path / "README.md").write_text(
        "---\nlicense: other\nlicense_name: mine\nlicense_link: LICENSE\n---\n# Model\n"
    )
    carried = ModelCard(model_card(sana, tmp_path, NAME, "v1")).data.to_dict()
    assert (carried["license"], carried["license_name"], carried["license_link"]) == ("other", "mine", "LICENSE")


def test_the_terms_and_a_picture_by_this_very_model_go_along(
    hub: FakeHub, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", WRITE)
    (tmp_path / "LICENSE.txt").write_text("the terms")
    publish(model, tmp_path, NAME, False, lambda progress: None)
    files = hub.model(NAME).files
    assert files["LICENSE.txt"] == b"the terms"
    (tmp_path / "sample.png").write_bytes(files["sample.png"])
    settings = read_settings(tmp_path / "sample.png")
    assert settings.prompt == read_manifest(model).model.pictures[0]["prompt"]
    assert f"![{settings.prompt}](sample.png)" in files["README.md"].decode()
