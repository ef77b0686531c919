"""Folders that optimum-intel exported: no manifest, so nothing can be verified, and what it would say is derived."""

from pathlib import Path

from .artifacts import FORMAT_VERSION, Manifest, read_family
from .classes import pipeline_defaults
from .errors import ArtifactError
from .variants import Defaults

CONFIGS = ("model_index.json", "scheduler/scheduler_config.json", "transformer/config.json", "vae_decoder/config.json")


def describe(folder: Path) -> Manifest:
    """A manifest of what the folder's own files tell; raises ArtifactError where one of them is missing."""
    for name in CONFIGS:
        if not (folder / name).is_file():
            raise ArtifactError(f"{folder} looks like an export of optimum-intel, but has no {name}.")
    values = pipeline_defaults(folder)
    return Manifest(
        format_version=FORMAT_VERSION,
        source=folder.resolve().name,
        revision=None,
        family=read_family(folder),
        compression="as exported by optimum-intel",
        components={},
        pictures=[],
        tools={},
        defaults=Defaults.from_record(values),
        complex_human_instruction=values["complex_human_instruction"],
        max_sequence_length=values["max_sequence_length"],
        preview={},
        files={},
    )
