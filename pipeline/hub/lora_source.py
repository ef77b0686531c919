"""A LoRA's file, local or from the Hub, from what `--lora` says: FILE_OR_FOLDER_OR_REPO[:SCALE]."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import metadata_load

from ..domain.errors import ArtifactError, SanaError
from ..domain.lora import Lora
from ..domain.progress import OnProgress
from ..model_folder.files import expand_home, sha256
from ..model_folder.hub_cache import own_name
from ..model_folder.part_files import check_inside
from ..model_folder.schema import Licence
from .client import in_one_line
from .download import download, list_files, snapshot
from .names import HubName
from .revisions import MAIN

WEIGHTS = "pytorch_lora_weights.safetensors"  # as diffusers' save_lora_weights calls it
CARD = "README.md"
MAX_SCALE = 10.0  # chosen: far above 1, as which LoRAs are trained
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


@dataclass(frozen=True)
class LoraSource:
    """The file of a LoRA, and the description of it."""

    path: Path
    lora: Lora


def find_lora(text: str, on_progress: OnProgress) -> LoraSource:
    """Return a local LoRA, or fetch one from the Hub.

    Args:
        text: a .safetensors file, a folder with one, or OWNER/NAME[@REVISION] on the Hub; and perhaps a colon and the
            scale, from -10 to 10.
        on_progress: called with the progress of fetching.

    Raises:
        SanaError: there is no such LoRA, or its file is of a kind that is never read; or the scale is none.
    """
    place, scale = _split(text)
    if not place:  # Path("") is the current folder
        raise SanaError(f"--lora {text!r} names no LoRA: give a .safetensors file, a folder, or OWNER/NAME on the Hub.")
    path, hub_name = expand_home(place), HubName.parse(place)
    if path.exists():
        file = path / _choose(place, [each.name for each in path.iterdir()]) if path.is_dir() else path
        _check_kind(str(file))
        if path.is_dir():
            check_inside(path, [file])
        is_named = file.name == WEIGHTS  # which every LoRA is called
        return _describe(file, scale, own_name(file.absolute().parent if is_named else file.with_suffix("")))
    if place.endswith((".safetensors", *_PICKLES)) or hub_name is None:
        raise ArtifactError(f"There is no LoRA {place}: give a .safetensors file, a folder, or OWNER/NAME on the Hub.")
    with in_one_line(hub_name):
        folder = snapshot(hub_name.repo, hub_name.revision or MAIN, (CARD,))
        files = list_files(hub_name.repo, folder.name)
        name = _choose(place, files)
        _check_kind(name)
        download(HubName(hub_name.repo), folder, {name: files[name]}, on_progress)
    return _describe(folder / name, scale, hub_name.repo, folder.name, files)


def _split(text: str) -> tuple[str, float]:
    """Return the place and the scale in `text`."""
    place, colon, said = text.rpartition(":")
    if not colon or expand_home(text).exists():  # a name may hold a colon, too
        return text, 1.0
    try:
        scale = float(said)
    except ValueError:
        scale = math.nan
    if not abs(scale) <= MAX_SCALE:
        limits = f"{-MAX_SCALE:g} to {MAX_SCALE:g}"
        raise SanaError(f"--lora {text}: the scale after the colon must be a number from {limits}, not {said!r}.")
    return place, scale


def _choose(place: str, files: Collection[str]) -> str:
    """Return the name of the LoRA's file among those of a folder or repo."""
    found = sorted(name for name in files if name.endswith(".safetensors") and "/" not in name)
    if WEIGHTS in found or len(found) == 1:
        return WEIGHTS if WEIGHTS in found else found[0]
    if found:
        raise ArtifactError(f"{place} holds {len(found)} .safetensors files, and none is {WEIGHTS}: name the LoRA's.")
    pickles = sorted(name for name in files if name.endswith(_PICKLES))
    if pickles:
        return pickles[0]
    raise ArtifactError(f"{place} holds no LoRA: it has no .safetensors file.")


def _check_kind(file: str) -> None:
    if file.endswith(_PICKLES):
        raise ArtifactError(f"{file} is a pickle, which could run code, and is not read: save it as .safetensors.")
    if not file.endswith(".safetensors"):
        raise ArtifactError(f"{file} is no LoRA: it must be a .safetensors file.")


def _describe(
    file: Path, scale: float, name: str, revision: str | None = None, files: Collection[str] = ()
) -> LoraSource:
    """Return the LoRA with its licence; `files` are those of its repo on the Hub."""
    licence = _licence(file.parent)
    link = licence.license_link
    if link and "://" not in link:
        repo = f"https://huggingface.co/{name}/blob/{revision}/"
        link = f"{repo}{link.removeprefix('./')}" if link.removeprefix("./") in files else None
    title = licence.license_name or licence.license
    return LoraSource(file, Lora(name, scale, sha256(file), revision, title, link if title else None))


def _licence(folder: Path) -> Licence:
    """Return the licence in the card beside a LoRA; an empty one if there is no card that can be read."""
    try:
        return Licence.model_validate(metadata_load(folder / CARD) or {})
    except Exception:  # noqa: BLE001  # what lies beside a single file may be anything
        return Licence()
