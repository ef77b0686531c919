"""The answer to a request for pictures, as AUTOMATIC1111 gives it."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from ...domain.settings import GenerationSettings
from ...generation.metadata import PARAMETERS, SANA
from ..drawing_job import Drawn
from ..picture_bytes import encode_text

PROGRAM = "Sana on OpenVINO"


def drawing_answer(
    drawn: Drawn, settings: GenerationSettings, model: str, fields: Mapping[str, Any], ignored: Sequence[str]
) -> dict[str, Any]:
    """Return the answer: the pictures, and of a stopped one the last preview at its full size."""
    pictures = list(drawn.pictures)
    if drawn.unfinished and isinstance(drawn.unfinished.preview, Image.Image):
        pictures.append(drawn.unfinished.preview.resize((settings.width, settings.height), Image.Resampling.BICUBIC))
    is_wanted = fields.get("send_images", True) is not False
    sent = dict(fields)
    if not fields.get("include_init_images"):
        sent |= {name: None for name in ("init_images", "mask") if name in sent}
    return {
        "images": [encode_text(picture, "png") for picture in pictures] if is_wanted else [],
        "parameters": sent,
        "info": json.dumps(_info(pictures, settings, model, ignored)),
    }


def _info(
    pictures: Sequence[Image.Image], settings: GenerationSettings, model: str, ignored: Sequence[str]
) -> dict[str, Any]:
    """Return what was really done, in AUTOMATIC1111's words."""
    count = len(pictures)
    own = [settings.of_picture(index) for index in range(count)]
    is_varied = settings.variation_strength > 0
    record = json.loads(pictures[0].info.get(SANA, "{}")) if pictures else {}
    return {
        "prompt": settings.prompt,
        "all_prompts": [settings.prompt] * count,
        "negative_prompt": settings.negative_prompt,
        "all_negative_prompts": [settings.negative_prompt] * count,
        "seed": settings.seed,
        "all_seeds": [each.seed for each in own],
        "subseed": settings.variation_seed if is_varied else -1,
        "all_subseeds": [each.variation_seed if is_varied else -1 for each in own],
        "subseed_strength": settings.variation_strength,
        "width": settings.width,
        "height": settings.height,
        "sampler_name": record.get("sampler", ""),
        "cfg_scale": settings.guidance_scale,
        "steps": settings.num_inference_steps,
        "batch_size": 1,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": model,
        "sd_model_hash": None,
        "sd_vae_name": None,
        "sd_vae_hash": None,
        "seed_resize_from_w": -1,
        "seed_resize_from_h": -1,
        "denoising_strength": settings.strength if settings.image_sha256 else None,
        "extra_generation_params": {"Ignored": ", ".join(ignored)} if ignored else {},
        "index_of_first_image": 0,
        "infotexts": [picture.info.get(PARAMETERS, "") for picture in pictures],
        "styles": [],
        "job_timestamp": time.strftime("%Y%m%d%H%M%S"),
        "clip_skip": 1,
        "is_using_inpainting_conditioning": False,
        "version": PROGRAM,
    }
