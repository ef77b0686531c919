"""Starting from a picture, in both families: against diffusers' own pipeline or parts, and what is kept of it."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from pipeline import SanaError, SanaPipeline
from pipeline.domain.errors import SettingsError
from pipeline.domain.families import SPRINT
from pipeline.domain.picture_parameters import ENLARGE_STRENGTH
from pipeline.domain.updates import EncodeUpdate, PictureUpdate, Result, StepUpdate
from pipeline.export.random_pictures import random_picture
from pipeline.generation.given_picture import GivenPicture
from pipeline.generation.metadata import read_settings, write_png
from pipeline.generation.samplers.flow import guide
from pipeline.model_folder.parity import psnr
from tests.tiny_checkpoint import INSTRUCTION

FLOOR = 50.0  # dB on pictures in [0, 1]
WORDS = "a red house under the big yellow moon"


@pytest.fixture(scope="module")
def sprint(tiny: Callable[[str], Path]) -> tuple[SanaPipeline, Any]:
    """Return our pipeline and diffusers' for image to image, of one Sprint checkpoint."""
    folder = tiny(SPRINT.name)
    ours = SanaPipeline.from_pretrained(folder)
    checkpoint = folder.parent / "tiny-sprint"
    theirs = diffusers.SanaSprintImg2ImgPipeline.from_pretrained(checkpoint, torch_dtype=torch.float32)
    theirs.set_progress_bar_config(disable=True)
    return ours, theirs


def given(width: int = 300, height: int = 260, seed: int = 0) -> Image.Image:
    """Return a random picture."""
    pixels = random_picture(torch.Generator().manual_seed(seed), max(width, height))[:, :height, :width]
    return Image.fromarray(((pixels / 2 + 0.5) * 255).round().byte().permute(1, 2, 0).numpy())


def box(width: int, height: int, left: int, top: int, right: int, bottom: int) -> Image.Image:
    """Return a mask that is white inside of a box."""
    mask = np.zeros((height, width), np.uint8)
    mask[top:bottom, left:right] = 255
    return Image.fromarray(mask)


@pytest.mark.parametrize(("steps", "strength"), [(1, 1.0), (2, 0.5), (2, 0.9), (4, 0.3), (4, 0.5), (4, 0.76), (4, 1.0)])
def test_sprint_is_as_diffusers_draws_it(sprint: tuple[SanaPipeline, Any], steps: int, strength: float) -> None:
    ours, theirs = sprint
    common: dict[str, Any] = {
        "image": given(),
        "width": 256,
        "height": 288,
        "num_inference_steps": steps,
        "strength": strength,
        "use_resolution_binning": False,
        "output_type": "np",
        "num_images_per_prompt": 1,
    }
    expected = theirs(
        WORDS,
        generator=torch.Generator("cpu").manual_seed(7),
        intermediate_timesteps=1.3 if steps == 2 else None,
        complex_human_instruction=INSTRUCTION,
        guidance_scale=4.5,
        **common,
    ).images
    assert expected.std() > 0.02
    assert psnr(ours(WORDS, seed=7, **common).images, expected, peak=1.0) >= FLOOR


def by_diffusers_parts(folder: Path, image: Image.Image, strength: float, steps: int, mask: Any = None) -> np.ndarray:
    """Return the pixels of image to image with a flow model, which diffusers has no pipeline for, by its parts."""
    pipe = diffusers.SanaPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    embeddings = pipe.encode_prompt(WORDS, True, complex_human_instruction=INSTRUCTION, negative_prompt="")
    prompt, prompt_mask, negative, negative_mask = embeddings
    pixels = pipe.image_processor.preprocess(image.convert("RGB"), height=256, width=256)
    generator = torch.Generator("cpu").manual_seed(7)
    noise = torch.randn((1, 32, 8, 8), generator=generator)
    scheduler = pipe.scheduler
    scheduler.set_timesteps(steps)
    first = steps - min(int(steps * strength), steps) if strength < 1 else 0
    with torch.no_grad():
        original = pipe.vae.encode(pixels).latent * pipe.vae.config.scaling_factor
        timesteps = scheduler.timesteps[first:]
        scheduler.set_begin_index(first)
        latents = scheduler.add_noise(original, noise, timesteps[:1]) if strength < 1 else noise
        for index, timestep in enumerate(timesteps):
            velocity = pipe.transformer(
                torch.cat([latents] * 2),
                encoder_hidden_states=torch.cat([negative, prompt]),
                encoder_attention_mask=torch.cat([negative_mask, prompt_mask]),
                timestep=timestep.expand(2) * pipe.transformer.config.timestep_scale,
            ).sample
            latents = scheduler.step(guide(velocity, 4.5), timestep, latents, return_dict=False)[0]
            if mask is not None:
                sigma = scheduler.sigmas[first + index + 1]
                latents = mask * latents + (1 - mask) * ((1 - sigma) * original + sigma * noise)
        sample = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    drawn: np.ndarray = (sample[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()
    return drawn


@pytest.mark.parametrize(("steps", "strength"), [(4, 0.5), (5, 0.6), (4, 1.0)])
def test_a_flow_model_is_as_diffusers_parts_draw_it(
    model: Path, pipe: SanaPipeline, steps: int, strength: float
) -> None:
    drawn = pipe(
        WORDS, image=given(), width=256, height=256, strength=strength, num_inference_steps=steps, guidance_scale=4.5,
        seed=7, output_type="np",
    ).images[0]  # fmt: skip
    expected = by_diffusers_parts(model.parent / "tiny-flow", given(), strength, steps)
    assert expected.std() > 0.02
    assert psnr(drawn, expected, peak=1.0) >= FLOOR


def test_strength_1_is_text_to_image(pipe: SanaPipeline) -> None:
    common: dict[str, Any] = {"width": 160, "height": 128, "num_inference_steps": 2, "output_type": "np"}
    from_picture = pipe(WORDS, image=given(), strength=1.0, **common).images
    assert (from_picture == pipe(WORDS, **common).images).all()


def test_steps_that_are_left_out_are_not_run(pipe: SanaPipeline) -> None:
    picture = GivenPicture.of(given(128, 128))
    settings = pipe.settings(WORDS, given=picture, width=128, height=128, num_inference_steps=5, strength=0.5)
    updates = list(pipe.generate(settings, given=picture))
    assert [(each.step, each.steps) for each in updates if isinstance(each, StepUpdate)] == [(1, 3), (2, 3), (3, 3)]
    assert isinstance(updates[0], EncodeUpdate)


def test_a_picture_is_encoded_once(pipe: SanaPipeline) -> None:
    picture = GivenPicture.of(given(128, 160, seed=3))
    settings = pipe.settings(WORDS, given=picture, width=128, height=160, num_inference_steps=2, strength=0.5)
    first, again = (list(pipe.generate(each, given=picture)) for each in (settings, settings))
    assert [isinstance(each[0], EncodeUpdate) for each in (first, again)] == [True, False]


def test_what_the_mask_leaves_is_kept_bit_for_bit(pipe: SanaPipeline) -> None:
    image = given(256, 224)
    mask = box(256, 224, 96, 96, 128, 128)
    (picture,) = pipe(WORDS, image=image, mask_image=mask, width=256, height=224, num_inference_steps=3).images
    changed = (np.asarray(picture) != np.asarray(image)).any(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert 96 - 64 <= rows[0] <= 96 <= 127 <= rows[-1] < 128 + 64
    assert 96 - 64 <= columns[0] <= 96 <= 127 <= columns[-1] < 128 + 64
    assert changed[104:120, 104:120].all()


def test_masked_steps_are_as_by_diffusers_parts(model: Path, pipe: SanaPipeline) -> None:
    """The latents of what is kept follow the noise level; the drawn pixels are those of the reference."""
    image, mask = given(256, 256), box(256, 256, 64, 64, 192, 192)
    common: dict[str, Any] = {"num_inference_steps": 4, "guidance_scale": 4.5, "seed": 7, "output_type": "np"}
    drawn = pipe(WORDS, image=image, mask_image=mask, mask_grow=0, mask_blur=0, width=256, height=256, **common).images
    cells = torch.zeros(1, 1, 8, 8)
    cells[:, :, 2:6, 2:6] = 1
    expected = by_diffusers_parts(model.parent / "tiny-flow", image, 1.0, 4, cells)
    assert psnr(drawn[0][64:192, 64:192], expected[64:192, 64:192], peak=1.0) >= FLOOR
    kept = np.asarray(image).astype(np.float32) / 255
    assert (drawn[0][:64] == kept[:64]).all()


def test_sprint_fills_a_mask(sprint: tuple[SanaPipeline, Any]) -> None:
    image, mask = given(256, 256), box(256, 256, 128, 0, 256, 256)
    (picture,) = sprint[0](WORDS, image=image, mask_image=mask, width=256, height=256).images
    assert (np.asarray(picture)[:, :60] == np.asarray(image)[:, :60]).all()
    assert (np.asarray(picture)[:, 140:] != np.asarray(image)[:, 140:]).any(-1).mean() > 0.9
    # Sprint's own defaults: four steps, of which a mask runs all
    assert read_of(picture).num_inference_steps == 4
    assert read_of(picture).strength == 1.0


def read_of(picture: Image.Image) -> Any:
    """Return the settings in a picture's record, by way of a file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_png(picture, Path(folder) / "a.png")
        return read_settings(Path(folder) / "a.png")


def test_the_record_names_picture_mask_and_strength(pipe: SanaPipeline) -> None:
    image, mask = given(128, 128), box(128, 128, 0, 0, 64, 64)
    result = pipe(
        "", image=image, mask_image=mask, width=128, height=128, strength=0.7, num_inference_steps=2, seed=4,
        num_images_per_prompt=2,
    )  # fmt: skip
    source = GivenPicture.of(image, mask)
    for index, picture in enumerate(result.images):
        settings = read_of(picture)
        assert (settings.image_sha256, settings.mask_sha256) == (source.image_sha256, source.mask_sha256)
        assert (settings.strength, settings.seed) == (0.7, 4 + index)
        assert "Denoising strength: 0.7, Mask blur: 24" in picture.info["parameters"]
        *_, again = pipe.generate(settings, given=source)
        assert isinstance(again, Result)
        assert np.array_equal(np.asarray(again.images[0]), np.asarray(picture))


def test_without_a_size_the_nearest_shape_is_drawn(pipe: SanaPipeline) -> None:
    settings = pipe.settings(WORDS, given=GivenPicture.of(given(400, 200)))
    assert (settings.width, settings.height) == (352, 192)
    assert settings.strength == 0.6


def test_draft_decoding_uses_the_vae_encoder_where_there_is_no_draft(pipe: SanaPipeline) -> None:
    assert pipe._stages.encoders.name(dataclasses.replace(pipe.settings(WORDS), draft_decode=True)) == "vae_encoder"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"image": given(), "strength": 0}, "The strength must be a number from 0.01 to 1, not 0"),
        ({"image": given(), "strength": 1.5}, "The strength must be"),
        ({"strength": 0.5}, "give the picture as well"),
        ({"mask_image": box(64, 64, 0, 0, 9, 9)}, "give the picture as well"),
        ({"image": given(64, 64), "mask_image": box(64, 32, 0, 0, 9, 9)}, "The mask has 64x32 pixels and the picture"),
        ({"image": given(64, 64), "mask_image": box(64, 64, 0, 0, 0, 0)}, "Nothing in the mask is white"),
        (
            {"image": given(64, 64), "mask_image": box(64, 64, 0, 0, 64, 64), "mask_invert": True},
            "Nothing in the mask is black",
        ),
        ({"image": given(), "width": 8192}, "from 128 to 4096 pixels"),
        ({"image": given(), "mask_blur": 300}, "The width of the seam must be"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    pipe: SanaPipeline, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        pipe(WORDS, **values)


def test_settings_of_a_picture_ask_for_it(pipe: SanaPipeline) -> None:
    settings = pipe.settings(WORDS, given=GivenPicture.of(given()))
    with pytest.raises(SettingsError, match="give the one whose pixels have the SHA-256"):
        pipe.generate(settings)


def test_a_folder_without_encoder_says_what_to_do(pipe: SanaPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "model", dataclasses.replace(pipe.model, has_vae_encoder=False))
    with pytest.raises(SanaError, match=r"no image encoder.*precompile\.py"):
        pipe(WORDS, image=given())


def test_a_picture_is_drawn_at_twice_its_size_beyond_the_models_own(pipe: SanaPipeline) -> None:
    pale = Image.eval(given(288, 128), lambda value: 64 + value // 2)  # far from where pixels would be clipped
    (picture,) = pipe.upscale(pale, num_inference_steps=4).images
    assert picture.size == (576, 256)
    assert picture.width > pipe.model.max_size
    settings = read_of(picture)
    assert (settings.prompt, settings.enlarge, settings.strength) == ("", True, ENLARGE_STRENGTH)
    # at the given size it is the given picture
    small = np.asarray(picture.resize((288, 128), Image.Resampling.LANCZOS)).astype(float)
    assert psnr(small, np.asarray(pale).astype(float), peak=255) > 30


def test_stop_ends_the_reading_of_a_picture(pipe: SanaPipeline) -> None:
    picture = GivenPicture.of(given(128, 192, seed=9))
    updates = pipe.generate(pipe.settings(WORDS, given=picture, width=128, height=192), given=picture)
    assert isinstance(next(updates), EncodeUpdate)
    updates.close()
    done = list(pipe.generate(pipe.settings(WORDS, given=picture, width=128, height=192), given=picture))
    assert any(isinstance(each, PictureUpdate) for each in done)
