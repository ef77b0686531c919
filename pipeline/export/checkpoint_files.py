"""The files of a checkpoint in diffusers' layout: what is small is read once, and refused if it cannot be exported."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..domain.catalogue import DRAFT_SUFFIXES
from ..domain.errors import ArtifactError
from ..model_folder.files import read_json, sha256
from ..model_folder.folder_layout import DRAFT_DECODER, DRAFT_FILE, MODEL_INDEX
from ..model_folder.model_index import ModelIndex, pipeline_defaults
from .autoencoder_check import check_autoencoder, find_autoencoder

MODELS = {"text_encoder": "Gemma2Model", "transformer": "SanaTransformer2DModel", "vae": "AutoencoderDC"}
CONFIGS = {**dict.fromkeys(MODELS, "config.json"), "scheduler": "scheduler_config.json"}
PARTS = (*CONFIGS, "tokenizer")
SANA = "sana.json"  # what diffusers' layout has no place for; Sana's own checkpoints do without


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint's folder, with the contents of its small files.

    `folders` and `configs` are by part; the folder of "vae" may lie outside. `draft` is the file of a draft decoder,
    None if there is none. `options` is the content of `sana.json`, or the defaults of diffusers' pipeline in its words.
    """

    folder: Path
    folders: Mapping[str, Path]
    draft: Path | None
    index: ModelIndex
    configs: Mapping[str, dict[str, Any]]
    options: dict[str, Any]


def read_checkpoint_files(folder: Path, vae: Path | None) -> CheckpointFiles:
    """Read the small files; `vae` is another autoencoder's folder or a draft decoder's file.

    Raises:
        ArtifactError: a file is missing or damaged, or the model is of a kind that is not supported.
    """
    _check_folder(folder)
    draft = folder / DRAFT_FILE if (folder / DRAFT_FILE).is_file() else None
    vae_folder = folder / "vae"
    if vae and vae.suffix in DRAFT_SUFFIXES:
        draft = vae
    elif vae:
        vae_folder = find_autoencoder(vae)
    index = ModelIndex.read(folder)
    folders = {part: vae_folder if part == "vae" else folder / part for part in PARTS}
    configs = {part: read_json(folders[part] / file) for part, file in CONFIGS.items()}
    if (folder / SANA).is_file():
        options = read_json(folder / SANA)
    else:
        options = pipeline_defaults(index.family, configs["transformer"])
    files = CheckpointFiles(folder, folders, draft, index, configs, options)
    _check_classes(index)
    _check_family(files)
    check_autoencoder(vae_folder, configs["vae"], configs["transformer"])
    return files


def fingerprint(files: CheckpointFiles) -> str:
    """Return a hash over path and content of every file that an export reads."""
    paths = {file: files.folder / file for file in (MODEL_INDEX, SANA)}
    for part, root in files.folders.items():
        paths |= {f"{part}/{path.relative_to(root).as_posix()}": path for path in sorted(root.rglob("*"))}
    if files.draft:
        paths[DRAFT_DECODER] = files.draft
    digest = hashlib.sha256()
    for name, path in paths.items():
        if path.is_file():
            digest.update(f"{name} {sha256(path)}\n".encode())
    return f"sha256:{digest.hexdigest()[:16]}"


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


def _check_classes(index: ModelIndex) -> None:
    for part in PARTS:
        entry = index.entries.get(part)
        if not isinstance(entry, list) or len(entry) != 2:
            raise ArtifactError(f"{index.path} names no {part}.")
        expected = MODELS.get(part)
        if expected is None:
            index.part_class(part)
        elif entry[1] != expected:
            raise ArtifactError(f"{index.path.parent} has a {part} of class {entry[1]}; supported is {expected}.")


def _check_family(files: CheckpointFiles) -> None:
    family = files.index.family
    if files.configs["transformer"].get("guidance_embeds", False) != family.embeds_guidance:
        raise ArtifactError(
            f"{files.folder} is not of one family: its pipeline is {family.name}, its transformer the other's."
        )
