"""From the name of a model to its folder: a local one, or one fetched from the Hub."""

from pathlib import Path

from ..domain.errors import ArtifactError
from ..domain.progress import OnProgress, print_progress
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import MANIFEST
from .download import fetch, fetch_description
from .names import HubName


def resolve(name: str | Path, on_progress: OnProgress = print_progress) -> Path:
    """Return the complete folder of a model; raise SanaError if there is none.

    A name OWNER/NAME[@REVISION] without a local folder is one on the Hub: missing files are fetched into the cache.
    """
    return _local(name) or fetch(str(name), on_progress)


def resolve_description(name: str | Path, on_progress: OnProgress = print_progress) -> Path:
    """Return the folder of a model with at least its manifest and configurations; raise SanaError if there is none.

    For a name on the Hub, `resolve` fetches the rest. The folder's name is the commit: give it as the revision.
    """
    return _local(name) or fetch_description(str(name), on_progress)


def _local(name: str | Path) -> Path | None:
    """Return the local folder of this name, or None for a name on the Hub; raise ArtifactError if it is neither."""
    if not str(name):  # Path("") is the current folder
        raise ArtifactError("The name of the model is empty: give a folder that precompile.py wrote.")
    folder = expand_home(name)
    try:
        if folder.is_dir():
            (folder / MANIFEST).exists()  # raises OSError for a visible folder without the right to enter
            return folder
        exists = folder.exists()
    except OSError as error:
        raise ArtifactError(f"{name} cannot be read ({error.strerror}): change its rights, or give another.") from error
    if exists:
        raise ArtifactError(f"{name} is a file, not a model folder: give the folder that precompile.py wrote.")
    if isinstance(name, str) and HubName.parse(name):
        return None
    raise ArtifactError(f"There is no folder {name}: give one that precompile.py wrote, or OWNER/NAME on the Hub.")
