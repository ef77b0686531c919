"""The folders for what this program can make again: the user's cache, or a temporary one where that is not writable."""

import logging
import os
import tempfile
from functools import cache
from pathlib import Path

from ..domain.errors import SanaError

_LOG = logging.getLogger(__name__)
_NAME = "sana-openvino"
_VARIABLE = "LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME"


def cache_folder() -> Path:
    """Return a folder that can be written, and that the next start finds again.

    It is this user's alone among the temporary ones where there is no home, or none that can be written; that is
    logged once.

    Raises:
        SanaError: there is no such folder either.
    """
    return _writable(_user_folder())


def cache_entry(name: str) -> Path:
    """Return the path of that name in the cache: where it is already, perhaps only to be read, or where it can be made.

    Raises SanaError as `cache_folder` does.
    """
    folder = _user_folder()
    return folder / name if folder and (folder / name).exists() else cache_folder() / name


def _user_folder() -> Path | None:
    """Return this user's cache folder, which may not exist; None where the system knows no home."""
    named = os.environ.get(_VARIABLE, "")
    if os.path.isabs(named):  # a relative one is to be ignored, says the XDG Base Directory Specification
        return Path(named) / _NAME
    try:
        return Path.home() / ("AppData/Local" if os.name == "nt" else ".cache") / _NAME
    except RuntimeError:
        return None


@cache
def _writable(folder: Path | None) -> Path:
    try:
        if folder is None:
            raise OSError(None, "there is no home folder")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        reason = f"{folder or 'The cache folder'} cannot be written ({error.strerror})"
    for own in _temporary_folders():
        if _is_private(own):
            _LOG.warning("%s: %s is used instead. %s names another.", reason, own, _VARIABLE)
            return own
    raise SanaError(f"{reason}, nor is there a temporary one for this user alone: name another with {_VARIABLE}.")


def _temporary_folders() -> list[Path]:
    """Return folders that outlive this process, to be tried in turn."""
    if os.name != "posix":
        return [Path(tempfile.gettempdir()) / _NAME]
    # not what `tempfile` says: it may have been given a folder of this process
    parents = (os.environ.get("TMPDIR", ""), "/var/tmp", "/tmp")
    return [Path(parent) / f"{_NAME}-{os.getuid()}" for parent in parents if os.path.isabs(parent)]


def _is_private(folder: Path) -> bool:
    """Make a folder; return whether it can be written, and that by no other user."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()  # not of what a link leads to
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return False
    return os.name != "posix" or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
