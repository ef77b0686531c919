"""Folders of optimum-intel's export: another text encoder, no manifest, no prefix, no preview."""

import json
import shutil
from pathlib import Path
from typing import Any

import diffusers
import openvino as ov
import pytest
import torch

from pipeline import SanaError, SanaPipeline
from pipeline.domain.families import FLOW, SPRINT
from pipeline.model_folder.parity import psnr
from tests.test_image_to_image import given
from tests.tiny_checkpoint import build


class WholeTextEncoder(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        length = input_ids.shape[1]
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        hidden = future[None, None] | (attention_mask[:, None, None] == 0)
        mask = torch.zeros(hidden.shape).masked_fill(hidden, torch.finfo(torch.float32).min)
        masks = {"full_attention": mask, "sliding_attention": mask}
        return self.model(input_ids, attention_mask=masks, use_cache=False).last_hidden_state


class Transformer(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        encoder_attention_mask: torch.Tensor,
        guidance: torch.Tensor | None = None,
    ) -> torch.Tensor:
        named = {"encoder_attention_mask": encoder_attention_mask, "guidance": guidance}
        return self.model(hidden_states, encoder_hidden_states, timestep, **named).sample


class Decoder(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent_sample: torch.Tensor) -> torch.Tensor:
        return self.model.decode(latent_sample).sample


class Encoder(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        return self.model.encode(sample).latent


@pytest.fixture(
    scope="module", params=[pytest.param(FLOW, marks=pytest.mark.long), SPRINT], ids=lambda family: family.name
)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return such a folder of a tiny random checkpoint, and diffusers' pipeline. Sprint demands a size of 32."""
    root = tmp_path_factory.mktemp("optimum")
    build(root / "checkpoint", sample_size=32, family=request.param.name)
    theirs = diffusers.DiffusionPipeline.from_pretrained(root / "checkpoint", torch_dtype=torch.float32)
    theirs.set_progress_bar_config(disable=True)
    folder = root / "openvino"
    for part in ("tokenizer", "scheduler"):
        shutil.copytree(root / "checkpoint" / part, folder / part)
    index = json.loads((root / "checkpoint" / "model_index.json").read_text())
    parts = {f"vae_{name}": ["optimum", f"OVModelVae{name.title()}"] for name in ("decoder", "encoder")}
    index |= {"_class_name": "OV" + index["_class_name"], **parts}
    (folder / "model_index.json").write_text(json.dumps(index))

    ids = torch.ones(1, 6, dtype=torch.long)
    batch = {
        "hidden_states": torch.randn(2, 32, 4, 5),
        "encoder_hidden_states": torch.randn(2, 6, theirs.transformer.config.caption_channels),
        "timestep": torch.rand(2),
        "encoder_attention_mask": torch.ones(2, 6, dtype=torch.long),
    }
    if request.param.embeds_guidance:
        batch["guidance"] = torch.rand(2)
    for name, module, example, source in (
        ("text_encoder", WholeTextEncoder(theirs.text_encoder), {"input_ids": ids, "attention_mask": ids}, ""),
        ("transformer", Transformer(theirs.transformer), batch, ""),
        ("vae_decoder", Decoder(theirs.vae), {"latent_sample": torch.randn(1, 32, 8, 8)}, "vae"),
        ("vae_encoder", Encoder(theirs.vae), {"sample": torch.randn(1, 3, 256, 256)}, "vae"),
    ):
        (folder / name).mkdir()
        shutil.copy(root / "checkpoint" / (source or name) / "config.json", folder / name)
        with torch.no_grad():
            model = ov.convert_model(module.eval(), example_input=example)
        for port, argument in zip(model.inputs, example, strict=True):
            port.get_tensor().set_names({argument})
        ov.save_model(model, folder / name / "openvino_model.xml", compress_to_fp16=False)
    return folder, theirs


def test_it_draws_what_diffusers_draws(exported: tuple[Path, Any]) -> None:
    folder, theirs = exported
    pipe = SanaPipeline.from_pretrained(folder)
    settings: dict[str, Any] = {"width": 256, "height": 192, "num_inference_steps": 2, "use_resolution_binning": False}
    ours = pipe("a red house", seed=3, output_type="np", **settings).images
    generator = torch.Generator("cpu").manual_seed(3)
    answer = theirs("a red house", generator=generator, output_type="np", **settings).images
    assert answer.std() > 0.02
    assert psnr(ours, answer, peak=1.0) >= 50


def test_its_defaults_are_those_of_diffusers(exported: tuple[Path, Any]) -> None:
    folder, theirs = exported
    defaults = SanaPipeline.from_pretrained(folder).model.defaults
    assert (defaults["width"], defaults["height"]) == (1024, 1024)
    assert defaults["num_inference_steps"] == (2 if isinstance(theirs, diffusers.SanaSprintPipeline) else 20)


@pytest.mark.parametrize("exported", [SPRINT], indirect=True)
def test_it_starts_from_a_picture_as_diffusers_does(exported: tuple[Path, Any]) -> None:
    folder, theirs = exported
    pipe = SanaPipeline.from_pretrained(folder)
    settings: dict[str, Any] = {"width": 256, "height": 192, "strength": 0.5, "num_inference_steps": 4}
    settings |= {"image": given(256, 192), "use_resolution_binning": False, "output_type": "np"}
    ours = pipe("a red house", seed=3, **settings).images
    reference = diffusers.SanaSprintImg2ImgPipeline(**theirs.components)
    reference.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(3)
    expected = reference("a red house", generator=generator, intermediate_timesteps=None, **settings).images
    assert expected.std() > 0.02
    assert psnr(ours, expected, peak=1.0) >= 50


@pytest.mark.parametrize("name", ["vae_decoder/config.json", "scheduler/scheduler_config.json", "model_index.json"])
def test_a_missing_file_is_named(exported: tuple[Path, Any], tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(exported[0], tmp_path / "copy")
    (folder / name).unlink()
    with pytest.raises(SanaError, match=name):
        SanaPipeline.from_pretrained(folder)


@pytest.mark.parametrize("part", ["text_encoder", "transformer", "vae_decoder"])
def test_a_damaged_model_is_named(exported: tuple[Path, Any], tmp_path: Path, part: str) -> None:
    """The error comes when the model is loaded, not when it is compiled."""
    folder = shutil.copytree(exported[0], tmp_path / "copy")
    (folder / part / "openvino_model.xml").write_text("<net")
    with pytest.raises(SanaError, match=f"{part}/openvino_model.xml"):
        SanaPipeline.from_pretrained(folder)
