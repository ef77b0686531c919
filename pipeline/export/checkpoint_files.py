"""The files of a checkpoint in diffusers' layout. The small ones are read once, and checked."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.catalogue import DRAFT_SUFFIXES
from ..domain.errors import ArtifactError
from ..model_folder.configurations import Configurations, read_configurations
from ..model_folder.files import sha256
from ..model_folder.folder_layout import DRAFT_FILES, MODEL_INDEX
from ..model_folder.model_index import pipeline_defaults
from ..model_folder.part_files import COPIED, check_inside, part_files
from ..model_folder.schema import Options, read_record
from .lora_fusing import FittingLora
from .taesana import read_draft

MODELS = ("text_encoder", "transformer", "vae")
PARTS = (*MODELS, "scheduler", "tokenizer")
SANA = "sana.json"  # options that diffusers' layout has no place for; NVlabs' checkpoints have no such file
DOCUMENTS = ("README.md", "LICENSE*")  # published together with the model


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint's folder, with the contents of its small files.

    `folders` and `parts` are the folder and the files of each part. Those of "vae" may lie outside of `folder`.
    `drafts` are the files of a draft decoder and a draft encoder, by component, if there are any. `options` are the
    content of `sana.json`, by default the options that diffusers' pipeline has. `loras` are to be fused into the
    transformer.
    """

    folder: Path
    folders: Mapping[str, Path]
    parts: Mapping[str, list[Path]]
    drafts: Mapping[str, Path]
    configurations: Configurations
    options: Options
    loras: Sequence[FittingLora] = ()


def read_checkpoint_files(folder: Path, vae: Sequence[Path]) -> CheckpointFiles:
    """Read the small files of a checkpoint. Its weights may not be fetched yet.

    Args:
        folder: the checkpoint, in diffusers' layout.
        vae: another autoencoder's folder, and the files of a draft decoder and a draft encoder, as far as given.

    Raises:
        ArtifactError: a file is missing or damaged, or the model is of a kind that is not supported.
    """
    _check_folder(folder)
    folders = {part: folder / part for part in PARTS}
    roots = dict.fromkeys(PARTS, folder)
    autoencoders = [path for path in vae if path.suffix not in DRAFT_SUFFIXES]
    if len(autoencoders) > 1:
        raise ArtifactError(f"{autoencoders[0]} and {autoencoders[1]} are both an autoencoder: give one of them.")
    for path in autoencoders:
        folders["vae"], roots["vae"] = find_autoencoder(path), path
    parts = {part: part_files(folders[part], roots[part]) for part in PARTS}
    configurations = read_configurations(folder, folders["vae"])
    _check_classes(configurations, folders)
    if os.path.lexists(folder / SANA):
        options = read_record(folder / SANA, Options)
    else:
        native_size = configurations.transformer.native_size
        options = Options.model_validate(pipeline_defaults(configurations.index.family, native_size))
    given = [path for path in vae if path.suffix in DRAFT_SUFFIXES]
    drafts = _find_drafts(folder, given, configurations.transformer.in_channels)
    return CheckpointFiles(folder, folders, parts, drafts, configurations, options)


def find_autoencoder(folder: Path) -> Path:
    """Return `folder` if it is an autoencoder's, or its folder `vae` if it is a whole checkpoint's.

    Raises:
        ArtifactError: neither is an autoencoder.
    """
    for candidate in (folder, folder / "vae"):
        if (candidate / "config.json").is_file():
            return candidate
    raise ArtifactError(f"{folder} holds no autoencoder in diffusers' layout: it has no config.json.")


def fingerprint(files: CheckpointFiles) -> str:
    """Return a hash of the path and content of every file that an export reads, and of the scales of LoRAs."""
    paths = {file: files.folder / file for file in (MODEL_INDEX, SANA)}
    for part, found in files.parts.items():
        paths |= {f"{part}/{path.name}": path for path in found}
    paths |= files.drafts
    digest = hashlib.sha256()
    for fitting in files.loras:
        digest.update(f"{fitting.source.lora.sha256} {fitting.source.lora.scale}\n".encode())
    for name, path in paths.items():
        if path.is_file():
            digest.update(f"{name} {sha256(path)}\n".encode())
    return f"sha256:{digest.hexdigest()[:16]}"


def copied_files(files: CheckpointFiles) -> dict[str, Path]:
    """Return the files of tokenizer and scheduler that go into the IR folder, by their path there."""
    return {
        f"{part}/{path.name}": path
        for part in ("tokenizer", "scheduler")
        for path in files.parts[part]
        if path.suffix in COPIED
    }


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        raise ArtifactError(f"{folder} is a file: give the folder of a checkpoint in diffusers' layout.")
    if not folder.is_dir():
        raise ArtifactError(
            f"There is no folder {folder}: give that of a checkpoint in diffusers' layout, or OWNER/NAME on the Hub."
        )
    if not (folder / MODEL_INDEX).is_file():
        raise ArtifactError(f"{folder} is no checkpoint in diffusers' layout: it has no {MODEL_INDEX}.")
    for part in PARTS:
        if not (folder / part).is_dir():
            raise ArtifactError(f"{folder} has no folder {part}.")
    documents = [path for pattern in DOCUMENTS for path in folder.glob(pattern)]
    check_inside(folder, [*documents, *(folder / name for name in (MODEL_INDEX, SANA, *DRAFT_FILES.values()))])


def _find_drafts(folder: Path, given: Sequence[Path], channels: int) -> dict[str, Path]:
    """Return the files of drafts by component: those given, else those in the checkpoint's folder."""
    found: dict[str, Path] = {}
    for path in given:
        component, _ = read_draft(path, channels)
        if component in found:
            raise ArtifactError(f"{found[component]} and {path} are both a {component.replace('_', ' ')}: give one.")
        found[component] = path
    own = {component: folder / name for component, name in DRAFT_FILES.items() if os.path.lexists(folder / name)}
    return {component: found.get(component) or own[component] for component in DRAFT_FILES if component in found | own}


def _check_classes(configurations: Configurations, folders: Mapping[str, Path]) -> None:
    for part in MODELS:
        configurations.index.check_class(part)
        config: Any = getattr(configurations, part)
        if config is None:
            raise ArtifactError(f"{folders[part] / 'config.json'} is missing.")
        if config.quantization_config is not None:
            raise ArtifactError(
                f"{folders[part] / 'config.json'} has a 'quantization_config': its weights are quantised already. Give "
                f"the checkpoint that it was made of, and a --compression."
            )
