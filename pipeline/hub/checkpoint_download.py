"""Checkpoints from the Hub: the configuration, and of the weights only the variant that an export reads."""

from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..domain.catalogue import DRAFT_SUFFIXES, choose_weights, find_variant, weights_variant
from ..domain.errors import SanaError
from ..domain.progress import OnProgress
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import DRAFT_FILE, MODEL_INDEX
from .client import in_one_line
from .download import download, is_ir, list_files, snapshot
from .names import HubName
from .revisions import MAIN

MODELS = ("text_encoder", "transformer", "vae")
CONFIGURATION = (
    *(MODEL_INDEX, "sana.json", DRAFT_FILE, "README.md", "LICENSE*", "scheduler/*", "tokenizer/*", "config.json"),
    *(f"{part}/*.json" for part in MODELS),
)


class Source(NamedTuple):
    """A checkpoint's folder, and its name where the folder does not tell it."""

    folder: Path
    name: str | None = None


def find_checkpoint(name: str, on_progress: OnProgress) -> Source:
    """Return a local checkpoint, or one on the Hub, OWNER/NAME[@REVISION], which is fetched; raise SanaError."""
    return _find(name, MODELS, on_progress)


def find_vae(name: str, on_progress: OnProgress) -> Path:
    """Return the folder of an autoencoder: a repo of its own, or a checkpoint with a `vae`; or a draft decoder's file.

    Names are those of `find_checkpoint`; raise SanaError.
    """
    if name.endswith(DRAFT_SUFFIXES):
        return expand_home(name)
    return _find(name, ("", "vae"), on_progress).folder


def _find(name: str, parts: tuple[str, ...], on_progress: OnProgress) -> Source:
    folder, hub_name = expand_home(name), HubName.parse(name)
    if folder.exists() or hub_name is None:
        return Source(folder)
    with in_one_line(hub_name):
        folder = snapshot(hub_name.repo, hub_name.revision or MAIN, CONFIGURATION)
        files = list_files(hub_name.repo, folder.name)
        if is_ir(files):
            raise SanaError(f"{hub_name} holds OpenVINO IR already: run it with python app.py --model {hub_name}")
        published = find_variant(hub_name.repo)
        wanted = {file for file in files if any(fnmatch(file, pattern) for pattern in CONFIGURATION)}
        for part in parts:
            wanted |= _weights(files, part, published.weights if published else None)
        download(hub_name, folder, {file: files[file] for file in sorted(wanted)}, on_progress)
    return Source(folder, hub_name.repo)


def _weights(files: dict[str, int], part: str, wanted: str | None) -> set[str]:
    """Return the weight files of a part, of the variant that the export will choose."""
    names = {file for file in files if file.endswith(".safetensors") and _folder(file) == part}
    chosen = choose_weights({weights_variant(name) for name in names}, wanted)
    return {name for name in names if weights_variant(name) == chosen}


def _folder(file: str) -> str:
    parent = PurePosixPath(file).parent.as_posix()
    return "" if parent == "." else parent
