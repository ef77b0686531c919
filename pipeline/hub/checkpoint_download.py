"""Checkpoints from the Hub: the configuration first, then only the weights that an export reads."""

from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..domain.catalogue import DRAFT_SUFFIXES, choose_weights, find_variant, weights_variant
from ..domain.errors import ArtifactError, SanaError
from ..domain.progress import OnProgress
from ..model_folder.configurations import read_configurations
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import DRAFT_FILES, MODEL_INDEX
from ..model_folder.part_files import COPIED
from .client import in_one_line
from .download import check_sizes, download, is_ir, list_files, snapshot
from .names import HubName
from .revisions import MAIN

MODELS = ("text_encoder", "transformer", "vae")
CHECKPOINT_PARTS = (*MODELS, *DRAFT_FILES.values())
CONFIGURATION = (
    *(MODEL_INDEX, "sana.json", "README.md", "LICENSE*", "config.json"),
    *(f"{part}/*.json" for part in (*MODELS, "scheduler")),
    *(f"tokenizer/*{suffix}" for suffix in COPIED),
)


class Source(NamedTuple):
    """A checkpoint's folder. For one from the Hub, `name` is its repo, since the folder is called after the commit."""

    folder: Path
    name: str | None = None


def find_configuration(name: str) -> Source:
    """Return a local checkpoint or autoencoder, or fetch the configuration of OWNER/NAME[@REVISION] from the Hub.

    `fetch_checkpoint` or `fetch_vae` fetches its weights, after the caller has checked that they can be used.

    Raises:
        SanaError: the Hub has no such repo or cannot be reached, or the repo holds no checkpoint.
    """
    folder, hub_name = expand_home(name), HubName.parse(name)
    if folder.exists() or hub_name is None or name.endswith(DRAFT_SUFFIXES):
        return Source(folder)
    with in_one_line(hub_name):
        folder = snapshot(hub_name.repo, hub_name.revision or MAIN, (MODEL_INDEX, "config.json"))
        files = list_files(hub_name.repo, folder.name)
        if is_ir(files):
            raise SanaError(f"{hub_name} holds OpenVINO IR already: run it with python app.py --model {hub_name}")
        check_sizes(hub_name, {file: size for file, size in files.items() if _is_configuration(file)})
        return Source(snapshot(hub_name.repo, folder.name, CONFIGURATION), hub_name.repo)


def fetch_checkpoint(source: Source, on_progress: OnProgress) -> Source:
    """Fetch the files of a checkpoint that an export reads, if it is on the Hub; raise SanaError if that fails."""
    return _fetch(source, CHECKPOINT_PARTS, on_progress)


def fetch_vae(source: Source, on_progress: OnProgress) -> Source:
    """Fetch an autoencoder from its own repo or from a checkpoint's; raise SanaError if that fails."""
    return _fetch(source, ("", "vae"), on_progress)


def checkpoint_size(source: Source) -> int:
    """Return the bytes of the files that `fetch_checkpoint` fetches, 0 for a local one; raise SanaError as it does."""
    return sum(_wanted(source, CHECKPOINT_PARTS).values())


def _fetch(source: Source, parts: tuple[str, ...], on_progress: OnProgress) -> Source:
    if source.name is None:
        return source
    wanted = _wanted(source, parts)
    with in_one_line(HubName(source.name, source.folder.name)):
        download(HubName(source.name), source.folder, wanted, on_progress)
    return source


def _wanted(source: Source, parts: tuple[str, ...]) -> dict[str, int]:
    """Return the bytes of each file of these parts that an export reads, if the source is on the Hub."""
    if source.name is None:
        return {}
    name = HubName(source.name, source.folder.name)
    with in_one_line(name):
        files = list_files(name.repo, source.folder.name)
    wanted = {file for file in files if _is_configuration(file) or file in parts}
    variant = _published_weights(source)
    for part in parts:
        wanted |= _weights(files, part, variant)
    return {file: files[file] for file in sorted(wanted)}


def _published_weights(source: Source) -> str | None:
    """Return the weights' variant of the published checkpoint that has this content or, failing that, this name."""
    try:
        published = read_configurations(source.folder, source.folder / "vae").published(source.name)
    except ArtifactError:  # for example, an autoencoder alone
        published = None
    published = published or find_variant(source.name or "")
    return published.weights if published else None


def _is_configuration(file: str) -> bool:
    return any(fnmatch(file, pattern) for pattern in CONFIGURATION)


def _weights(files: dict[str, int], part: str, wanted: str | None) -> set[str]:
    """Return the weight files of a part in the variant that the export will choose."""
    names = {file for file in files if file.endswith(".safetensors") and _folder(file) == part}
    chosen = choose_weights({weights_variant(name) for name in names}, wanted)
    return {name for name in names if weights_variant(name) == chosen}


def _folder(file: str) -> str:
    parent = PurePosixPath(file).parent.as_posix()
    return "" if parent == "." else parent
