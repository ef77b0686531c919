"""Folders exported by optimum-intel: without a manifest, so one is derived and nothing can be verified."""

import os
from pathlib import Path

from ..domain.model import ModelDescription
from .configurations import Configurations
from .folder_layout import COMPONENTS, MANIFEST, VAE_ENCODER, model_files
from .hub_cache import own_name
from .manifest import Manifest
from .model_index import pipeline_defaults


def is_exported_by_optimum(folder: Path) -> bool:
    """Return True if the folder holds all components as IR, but no manifest."""
    models = (folder / model_files(name)[0] for name in COMPONENTS)
    return not os.path.lexists(folder / MANIFEST) and all(path.is_file() for path in models)


def derive_manifest(folder: Path, configurations: Configurations) -> Manifest:
    """Return a manifest made from the folder's configurations and diffusers' defaults."""
    native_size = configurations.transformer.native_size
    values = pipeline_defaults(configurations.index.family, native_size)
    model = ModelDescription(
        source=own_name(folder),
        revision=None,
        family=configurations.index.family,
        compression="as exported by optimum-intel",
        native_size=native_size,
        min_size=values["min_size"],
        max_size=values["max_size"],
        defaults=values["defaults"],
        has_vae_encoder=(folder / VAE_ENCODER / "config.json").is_file(),
    )
    return Manifest(
        model=model,
        tools={},
        complex_human_instruction=values["complex_human_instruction"],
        max_sequence_length=values["max_sequence_length"],
        preview={},
        files={},
    )
