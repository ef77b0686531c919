"""The cache folder, for files that this program can make again. Without a writable home, it is a temporary folder."""

import logging
import os
import tempfile
from functools import cache
from pathlib import Path

from ..domain.errors import SanaError
from ..model_folder.remembered import Remembered

_LOG = logging.getLogger(__name__)
_NAME = "sana-openvino"
_VARIABLE = "LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME"


def cache_folder() -> Path:
    """Return a writable folder that the next start of the program finds again.

    Normally it is in the user's cache folder. If that is missing or cannot be written, it is a temporary folder that
    only this user can write to, and a warning is logged once.

    Raises:
        SanaError: there is no such temporary folder either.
    """
    return _writable(_user_folder())


def cache_entry(name: str) -> Path:
    """Return the path of an entry of the cache: where it exists, perhaps read-only, or else where it can be made.

    Raises:
        SanaError: as `cache_folder`.
    """
    folder = _user_folder()
    return folder / name if folder and (folder / name).exists() else cache_folder() / name


def facts() -> Remembered:
    """Return what earlier starts have found out; raise SanaError as `cache_folder`."""
    return Remembered(cache_folder() / "facts.json")


def _user_folder() -> Path | None:
    """Return this user's cache folder, which may not exist yet; None if the user has no home."""
    named = os.environ.get(_VARIABLE, "")
    if os.path.isabs(named):  # the XDG Base Directory Specification says to ignore relative paths
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
    """Return temporary folders that outlive this process, in the order to try them."""
    if os.name != "posix":
        return [Path(tempfile.gettempdir()) / _NAME]
    # Not tempfile.gettempdir(): `own_temporary_folder` may have set it to a folder of this process.
    parents = (os.environ.get("TMPDIR", ""), "/var/tmp", "/tmp")
    return [Path(parent) / f"{_NAME}-{os.getuid()}" for parent in parents if os.path.isabs(parent)]


def _is_private(folder: Path) -> bool:
    """Make a folder; return True if this user can write to it and no other user can."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()  # does not follow a link, which another user may have put there
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return False
    return os.name != "posix" or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
