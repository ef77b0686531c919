"""The manifest of an IR folder, read or derived, checked against its configurations. Weights may be absent."""

from pathlib import Path

from ..domain.errors import ArtifactError
from .configurations import read_configurations
from .files import difference
from .folder_layout import COMPONENTS, CONFIGURATIONS, MODEL_INDEX, TEXT_ENCODER_CONFIG, VAE_DECODER
from .manifest import ADVICE, Manifest, read_manifest
from .optimum_intel import derive_manifest, is_exported_by_optimum
from .part_files import check_inside, part_files


def describe_folder(folder: Path) -> Manifest:
    """Return the manifest of a folder written by precompile.py or optimum-intel, without a look at its weights.

    Raises:
        ArtifactError: the folder is of another kind, or its configurations do not fit together.
    """
    if is_exported_by_optimum(folder):
        return describe_unverified(folder)
    manifest = read_manifest(folder)
    for name in CONFIGURATIONS:
        if problem := difference(folder / name, manifest.files[name]):
            raise ArtifactError(f"{folder / name} {problem}: {ADVICE}")
    family = read_configurations(folder, folder / VAE_DECODER).index.family
    if manifest.model.family is not family:
        raise ArtifactError(
            f"{folder} is not of one family: its manifest is {manifest.model.family.name}, its pipeline {family.name}."
        )
    return manifest


def describe_unverified(folder: Path) -> Manifest:
    """Return the manifest derived from an export of optimum-intel; raise ArtifactError as `describe_folder` does."""
    check_inside(folder, [folder / MODEL_INDEX])
    for part in (*COMPONENTS, "scheduler", "tokenizer"):
        if (folder / part).exists():
            part_files(folder / part, folder)
    for name in CONFIGURATIONS:
        if not (folder / name).is_file() and name != TEXT_ENCODER_CONFIG:
            raise ArtifactError(f"{folder} looks like an export of optimum-intel, but has no {name}.")
    return derive_manifest(folder, read_configurations(folder, folder / VAE_DECODER))
