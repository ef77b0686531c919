"""The lists from which AUTOMATIC1111's clients let people choose."""

from typing import Any

from ...jobs.models import Models

SAMPLER = "Automatic"
"""The only sampler: each model has its own."""
SCHEDULERS = ("automatic", "Automatic")
UPSCALER = "None"
VAE = "Automatic"


def sd_models(models: Models) -> list[dict[str, Any]]:
    """Return the menu of models, without a path of this machine."""
    empty = dict.fromkeys(("hash", "sha256", "config"))
    return [{"title": name, "model_name": name, "filename": name, **empty} for name in models.names]


def samplers() -> list[dict[str, Any]]:
    return [{"name": SAMPLER, "aliases": [SAMPLER.lower()], "options": {}}]


def schedulers() -> list[dict[str, Any]]:
    name, label = SCHEDULERS
    return [{"name": name, "label": label, "aliases": None, "default_rho": -1, "need_inner_model": False}]


def upscalers() -> list[dict[str, Any]]:
    return [{"name": UPSCALER, "model_name": None, "model_path": None, "model_url": None, "scale": 1}]
