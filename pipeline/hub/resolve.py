"""How the name of a model becomes a folder: a local one, or a repo on the Hub, which is fetched."""

from pathlib import Path

from ..domain.errors import ArtifactError
from ..domain.progress import OnProgress, print_progress
from ..model_folder.files import expand_home
from ..model_folder.folder_layout import MANIFEST
from .download import fetch, fetch_description
from .names import HubName


def resolve(name: str | Path, on_progress: OnProgress = print_progress) -> Path:
    """Return the folder that `name` stands for, complete; raise SanaError.

    A name OWNER/NAME[@REVISION] that is no local folder is one on the Hub: what the cache lacks of it is fetched.
    """
    return _local(name) or fetch(str(name), on_progress)


def resolve_description(name: str | Path, on_progress: OnProgress = print_progress) -> Path:
    """Return the same folder, with its manifest and configurations at least.

    Of a Hub name the rest may be still to fetch. `resolve` does that for the same commit if it is given the folder's
    name as the revision.
    """
    return _local(name) or fetch_description(str(name), on_progress)


def _local(name: str | Path) -> Path | None:
    """Return the local folder of that name, None for a name on the Hub; raise ArtifactError if it is neither."""
    if not str(name):  # Path("") would be the current folder
        raise ArtifactError("The name of the model is empty: give a folder that precompile.py wrote.")
    folder = expand_home(name)
    try:
        if folder.is_dir():
            (folder / MANIFEST).exists()  # asked here, since a folder may be seen that cannot be entered
            return folder
        exists = folder.exists()
    except OSError as error:
        raise ArtifactError(f"{name} cannot be read ({error.strerror}): change its rights, or give another.") from error
    if exists:
        raise ArtifactError(f"{name} is a file, not a model folder: give the folder that precompile.py wrote.")
    if isinstance(name, str) and HubName.parse(name):
        return None
    raise ArtifactError(f"There is no folder {name}: give one that precompile.py wrote, or OWNER/NAME on the Hub.")
