"""The card of a published model: licence, figures, and a picture that the model drew."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from pipeline.domain.catalogue import CATALOGUE, LANGUAGES, ModelVariant, recognise
from pipeline.domain.families import FLOW
from pipeline.generation.metadata import read_settings
from pipeline.model_folder.manifest import Manifest, read_manifest
from pipeline.publish import publish
from pipeline.publish.licence import GEMMA
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
    assert data["license_link"] == f"https://huggingface.co/{CATALOGUE[0].repo}", "the checkpoint has no such file"
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
    assert (carried["license"], carried["license_name"]) == ("other", "mine")
    assert carried["license_link"] == f"https://huggingface.co/{CATALOGUE[0].repo}", "the file is gone"


MADE_UP = {  # the front matter of a checkpoint's card, its licence file, and what the card of the folder links
    "none": (None, None, None),
    "no licence in the card": ("library_name: sana", None, None),
    "only a file": ("library_name: sana", "LICENSE.txt", "LICENSE.txt"),
    "in the card": ("license: other\nlicense_name: mine\nlicense_link: LICENSE.md", "LICENSE.md", "LICENSE.md"),
    "file gone": ("license: other\nlicense_name: mine\nlicense_link: ./LICENSE.md", None, None),
    "gone on the Hub": (
        "license: other\nlicense_name: mine\nlicense_link: https://huggingface.co/{repo}/blob/main/LICENSE.txt",
        None,
        None,
    ),
    "elsewhere": (
        "license: other\nlicense_name: mine\nlicense_link: https://example.org/terms",
        None,
        "https://example.org/terms",
    ),
    "known to the Hub": ("license: apache-2.0", "LICENSE", None),
}


@pytest.mark.parametrize("kind", MADE_UP)
@pytest.mark.parametrize("published", CATALOGUE, ids=lambda published: published.name)
def test_the_card_of_each_published_checkpoint(
    hub: FakeHub, model: Path, tmp_path: Path, published: ModelVariant, kind: str
) -> None:
    front_matter, file, link = MADE_UP[kind]
    if front_matter:
        (tmp_path / "README.md").write_text(f"---\n{front_matter.format(repo=published.repo)}\n---\n# Sana\n")
    if file:
        (tmp_path / file).write_text("the terms")
    card = ModelCard(model_card(described(read_manifest(model), source=published.repo), tmp_path, NAME, "v1"))
    assert hub.finds_wrong("model", str(card)) == []
    data = card.data.to_dict()
    terms, own = published.terms, bool(front_matter and "license:" in front_matter)
    if own:
        assert data["license"] in ("other", "apache-2.0")
        assert data.get("license_name") == (None if data["license"] == "apache-2.0" else "mine")
        assert f"That of {published.repo}: " in card.text
    else:
        assert (data["license"], data["license_name"]) == ("other", f"{terms.name}-and-gemma-terms")
        assert f"says what holds. {GEMMA}" in card.text
        link = link or terms.link
    page = f"https://huggingface.co/{published.repo}" if data["license"] == "other" else None
    assert data.get("license_link") == (link or page)
    assert ("](LICENSE" in card.text) == (link is not None and link.startswith("LICENSE"))
    assert GEMMA in card.text
    assert data.get("language") == (["en", "zh"] if published.multilingual else None)
    assert (f"Prompts may be in: {LANGUAGES[published.multilingual]}." in card.text) is True


def test_checkpoints_of_one_kind_are_told_apart_by_name() -> None:
    for published in CATALOGUE:
        assert recognise(published.repo, *published.kind) is published
        assert recognise(published.name, *published.kind) is published
    assert len({published.name for published in CATALOGUE}) == 13
    anonymous = recognise("my-finetune", FLOW, 1024, 20, 70, False)
    assert anonymous
    assert anonymous.name == "Sana_1600M_1024px_BF16_diffusers"
    assert recognise(CATALOGUE[0].repo, FLOW, 256, 2, 2, False) is None


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
