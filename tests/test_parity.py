"""SanaPipeline in OpenVINO (fp16) against diffusers in torch (f32), on the same random tiny checkpoint."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from pipeline import SanaError, SanaPipeline
from pipeline.domain.families import SPRINT
from pipeline.export import precompile
from pipeline.model_folder.parity import psnr
from tests.tiny_checkpoint import build

FLOOR = 50.0  # dB on pictures in [0, 1]; only the storage of weights in fp16 may differ
STEPS = 4
WORDS = "a red house under the big yellow moon and two white clouds near the sea"


class Pair:
    """One checkpoint in both runtimes."""

    def __init__(self, checkpoint: Path, ir: Path) -> None:
        self.ours = SanaPipeline.from_pretrained(ir)
        self.theirs = diffusers.DiffusionPipeline.from_pretrained(checkpoint, torch_dtype=torch.float32)
        self.theirs.set_progress_bar_config(disable=True)
        self.scheduler = self.theirs.scheduler
        self.instruction = {}
        if (checkpoint / "sana.json").exists():
            sana = json.loads((checkpoint / "sana.json").read_text())
            names = ("complex_human_instruction", "max_sequence_length")
            self.instruction = {name: sana[name] for name in names if name in sana}
        self.sprint = self.ours.model.family is SPRINT
        self.has_bins = self.theirs.transformer.config.sample_size in ((32,) if self.sprint else (16, 32, 64, 128))

    def psnr(self, prompt: str, seed: int = 5, use_resolution_binning: bool = True, **settings: Any) -> float:
        settings = {"num_inference_steps": STEPS, **settings}
        only_theirs: dict[str, Any] = {}
        if self.sprint and settings["num_inference_steps"] != 2:
            only_theirs["intermediate_timesteps"] = None  # diffusers asks for it
        if "timesteps" in settings:
            only_theirs |= {"max_timesteps": None, "intermediate_timesteps": None}
        if "flow_shift" in settings:
            self.theirs.scheduler = self.scheduler.from_config(self.scheduler.config, flow_shift=settings["flow_shift"])
        seeds = range(seed, seed + settings.get("num_images_per_prompt", 1))
        ours = self.ours(
            prompt, seed=seed, use_resolution_binning=use_resolution_binning, output_type="np", **settings
        ).images
        settings.pop("flow_shift", None)
        theirs = self.theirs(
            prompt,
            generator=[torch.Generator("cpu").manual_seed(each) for each in seeds],
            use_resolution_binning=use_resolution_binning and self.has_bins,  # diffusers refuses where there are none
            output_type="np",
            **{**settings, **only_theirs},
            **self.instruction,
        ).images
        assert ours.shape == theirs.shape
        assert theirs.std() > 0.02, "a flat picture would prove nothing"
        return psnr(ours, theirs, peak=1.0)


def make_pair(folder: Path, change: Callable[[Path], object] = lambda checkpoint: None, **options: Any) -> Pair:
    build(folder / "checkpoint", **options)
    change(folder / "checkpoint")
    precompile(folder / "checkpoint", folder / "ir", "fp16", on_progress=lambda progress: None)
    return Pair(folder / "checkpoint", folder / "ir")


@pytest.fixture(scope="module")
def small(model: Path) -> Pair:
    return Pair(model.parent / "tiny-flow", model)


@pytest.fixture(scope="module")
def binned(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("binned"), sample_size=16, interpolation_scale=1.0)


@pytest.fixture(scope="module")
def sprint(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_pair(tmp_path_factory.mktemp("sprint"), sample_size=32, family="sprint")


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return a float16 checkpoint whose linear attention exceeds float16."""

    def enlarge(checkpoint: Path) -> None:
        model = diffusers.SanaTransformer2DModel.from_pretrained(checkpoint / "transformer")
        for block in model.transformer_blocks:
            block.attn1.to_out[0].weight.data *= 4e5
            block.scale_shift_table.data[2] = 1e-5  # the gate of this attention's output
        model.half().save_pretrained(checkpoint / "transformer")

    return make_pair(tmp_path_factory.mktemp("huge"), change=enlarge)


@pytest.mark.parametrize(
    ("prompt", "settings"),
    [
        pytest.param("a red house", {"guidance_scale": 4.5}, id="guidance"),
        pytest.param("a red house", {"guidance_scale": 4.5, "negative_prompt": "Blue, blurry "}, id="negative"),
        pytest.param("a red house", {"guidance_scale": 1.0}, id="no guidance"),
        pytest.param("a red house", {"guidance_scale": 0.5, "negative_prompt": "blue"}, id="guidance below 1"),
        pytest.param("  A Red HOUSE\n", {"guidance_scale": 3}, id="case and blanks"),
        pytest.param(" ".join([WORDS] * 36)[:9000], {"guidance_scale": 3}, id="500 words"),
        pytest.param("moon", {"guidance_scale": 3, "negative_prompt": " ".join([WORDS] * 36)}, id="500 negative words"),
        pytest.param("красный дом 🌙 赤い家 بيت", {"guidance_scale": 4.5, "negative_prompt": "синий"}, id="non-Latin"),
        pytest.param("<bos><pad> <eos>", {"guidance_scale": 3}, id="special tokens as text"),
        pytest.param("a house", {"guidance_scale": 4.5, "width": 320, "height": 192}, id="wide"),
        pytest.param("a house", {"guidance_scale": 4.5, "width": 128, "height": 288}, id="tall"),
        pytest.param("a house", {"guidance_scale": 4.5, "num_images_per_prompt": 2}, id="two images"),
        pytest.param("a house", {"guidance_scale": 4.5, "num_inference_steps": 1}, id="one step"),
        pytest.param("a house", {"guidance_scale": 4.5, "flow_shift": 6.5}, id="flow shift"),
    ],
)
def test_same_picture_as_diffusers(small: Pair, prompt: str, settings: dict[str, Any]) -> None:
    assert small.psnr(prompt, **{"width": 256, "height": 256, **settings}) >= FLOOR


@pytest.mark.parametrize("use_resolution_binning", [True, False])
@pytest.mark.parametrize(("width", "height"), [(512, 512), (384, 256), (256, 448)])
def test_same_picture_with_and_without_resolution_binning(
    binned: Pair, width: int, height: int, use_resolution_binning: bool
) -> None:
    settings: dict[str, Any] = {"width": width, "height": height, "use_resolution_binning": use_resolution_binning}
    assert binned.psnr("a red house", guidance_scale=4.5, **settings) >= FLOOR


@pytest.mark.parametrize(
    "settings",
    [
        {"num_inference_steps": 1, "width": 320},
        {"num_inference_steps": 2},
        {"num_inference_steps": 2, "guidance_scale": 1.0, "num_images_per_prompt": 2},
        {"num_inference_steps": 4, "num_images_per_prompt": 2},
        {"num_inference_steps": 4, "guidance_scale": 1.0, "width": 320},
        {"num_inference_steps": 2, "max_timesteps": 1.5, "intermediate_timesteps": 1.1},
        {"num_inference_steps": 3, "max_timesteps": 1.2},
        {"num_inference_steps": 3, "timesteps": [1.56, 1.2, 0.7, 0.0]},
    ],
)
def test_same_picture_as_diffusers_of_sprint(
    sprint: Pair, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "timesteps" in settings:  # diffusers' pipeline does not tell its scheduler how many they are, and fails
        own = sprint.theirs.scheduler.set_timesteps
        monkeypatch.setattr(
            sprint.theirs.scheduler,
            "set_timesteps",
            lambda timesteps, **others: own(len(timesteps) - 1, timesteps, **others),
        )
    settings = {"width": 256, "height": 256, "guidance_scale": 4.5, **settings}
    assert sprint.psnr("a red house", use_resolution_binning=False, **settings) >= FLOOR


def test_same_picture_as_diffusers_of_sprint_binned(sprint: Pair) -> None:
    assert sprint.psnr("a red house", width=640, height=384, num_inference_steps=2) >= FLOOR


def test_sprint_refuses_a_negative_prompt(sprint: Pair) -> None:
    with pytest.raises(SanaError, match="no negative prompt"):
        sprint.ours("a red house", negative_prompt="blue")


@pytest.mark.long
def test_a_float16_checkpoint_is_clipped_as_diffusers_does(huge: Pair) -> None:
    """Diffusers clips the output of linear attention in float16. Here a hook clips diffusers' f32 in the same way."""
    settings: dict[str, Any] = {"width": 256, "height": 256, "guidance_scale": 1.0}
    unclipped = huge.psnr("a red house", **settings)
    seen = []

    def clip(module: object, inputs: object, output: torch.Tensor) -> torch.Tensor:
        seen.append(output.abs().max().item())
        return output.clip(-65504, 65504)

    hooks = [block.attn1.register_forward_hook(clip) for block in huge.theirs.transformer.transformer_blocks]
    clipped = huge.psnr("a red house", **settings)
    for hook in hooks:
        hook.remove()
    assert max(seen) > 2 * 65504
    assert clipped >= FLOOR
    assert unclipped < FLOOR - 10


def test_the_comparison_can_fail(small: Pair) -> None:
    # The floor says something only if another prompt, negative prompt, seed or guidance falls below it.
    def picture(**changes: Any) -> np.ndarray:
        settings = {"prompt": "a red house", "num_inference_steps": STEPS, "guidance_scale": 4.5, **changes}
        return small.ours(**settings, output_type="np").images

    for change in (
        {"prompt": "a blue house"},
        {"negative_prompt": "blue"},
        {"seed": 1},
        {"guidance_scale": 4.0},
        {"flow_shift": 6.5},
    ):
        assert psnr(picture(), picture(**change), peak=1.0) < FLOOR


CHINESE, EMOJI, MIXED = "念去去千里烟波", "🐼 🎋 👩\u200d🚀", "A cute 🐶 在草地上 playing with a 🏀"


@pytest.mark.parametrize("prompt", [CHINESE, EMOJI, MIXED])
def test_chinese_emoji_and_mixed_prompts_encode_as_in_diffusers(small: Pair, prompt: str) -> None:
    ours = small.ours._stages.text_encoder.encode(prompt).embeddings
    theirs, mask, *_ = small.theirs.encode_prompt(prompt, False, device="cpu", **small.instruction)
    kept = theirs[:, mask[0] > 0].float().detach().numpy()
    assert ours.shape == kept.shape
    assert ours.shape[1] > len(prompt), "a random tokenizer makes several tokens of such a character"
    assert psnr(ours / np.abs(kept).max(), kept / np.abs(kept).max(), peak=1.0) >= FLOOR
