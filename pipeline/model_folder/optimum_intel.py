"""Folders that optimum-intel exported: no manifest, so nothing can be verified, and what it would say is derived."""

from pathlib import Path

from ..domain.errors import ArtifactError
from ..domain.model import ModelDescription
from .files import read_json
from .folder_layout import COMPONENTS, MANIFEST
from .manifest import Manifest, native_size
from .model_index import ModelIndex, pipeline_defaults

CONFIGS = ("model_index.json", "scheduler/scheduler_config.json", "transformer/config.json", "vae_decoder/config.json")


def is_exported_by_optimum(folder: Path) -> bool:
    """Return whether the folder holds IR in this layout, but no manifest."""
    models = (folder / name / "openvino_model.xml" for name in COMPONENTS)
    return not (folder / MANIFEST).is_file() and all(path.is_file() for path in models)


def derive_manifest(folder: Path) -> Manifest:
    """Return a manifest of what the folder's own files tell; raise ArtifactError if one of them is missing."""
    for name in CONFIGS:
        if not (folder / name).is_file():
            raise ArtifactError(f"{folder} looks like an export of optimum-intel, but has no {name}.")
    family = ModelIndex.read(folder).family
    transformer_config = read_json(folder / "transformer" / "config.json")
    values = pipeline_defaults(family, transformer_config)
    model = ModelDescription(
        source=folder.resolve().name,
        revision=None,
        family=family,
        compression="as exported by optimum-intel",
        native_size=native_size(transformer_config),
        min_size=values["min_size"],
        max_size=values["max_size"],
        defaults=values["defaults"],
    )
    return Manifest(
        model=model,
        tools={},
        complex_human_instruction=values["complex_human_instruction"],
        max_sequence_length=values["max_sequence_length"],
        preview={},
        files={},
    )
