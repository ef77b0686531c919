"""Temporary files, in a folder of this process alone. The next start removes the folder of a killed process."""

import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from ..domain.errors import SanaError
from .file_lock import try_lock

PREFIX = "sana-openvino-"
# The age in seconds from which a lock file without a folder is abandoned. Chosen: a start makes both within moments.
SETTLED = 600.0
GRADIO = "GRADIO_TEMP_DIR"  # names the folder where Gradio keeps uploads and the pictures that it shows


@contextmanager
def own_temporary_folder() -> Iterator[Callable[[], None]]:
    """Let `tempfile` and Gradio write into a folder of this process, which the context makes and removes.

    Yield a function that removes the folder, for an end of the process that does not leave contexts. Folders of killed
    processes of this user are removed first. Gradio must not be imported before.

    Raises:
        SanaError: no folder for temporary files can be written.
    """
    configured, before = os.environ.get(GRADIO), tempfile.tempdir
    try:
        parent = Path(configured or tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(parent)
        folder = parent / f"{PREFIX}{secrets.token_hex(8)}"
        lock = try_lock(_lock_file(folder))  # before making the folder: a folder without a held lock is abandoned
        folder.mkdir(0o700)
    except OSError as error:
        raise SanaError(
            f"There is no place for temporary files ({error.strerror or error}): name one in "
            f"{GRADIO if configured else 'TMPDIR'}."
        ) from error
    tempfile.tempdir, os.environ[GRADIO] = str(folder), str(folder / "gradio")
    try:
        yield partial(_remove, folder)
    finally:
        tempfile.tempdir = before
        os.environ.pop(GRADIO)
        if configured:
            os.environ[GRADIO] = configured
        if lock:
            lock.release()
        _remove(folder)


def _remove_abandoned(parent: Path) -> None:
    names = PREFIX + 16 * "[0-9a-f]"
    for file in parent.glob(f"{names}.lock"):  # those of processes that ended after removing the folder
        with suppress(OSError):
            if not file.with_suffix("").exists() and _is_own(file) and time.time() - file.stat().st_mtime > SETTLED:
                file.unlink()
    for folder in parent.glob(names):
        with suppress(OSError):  # another start is removing the folder at the same time
            own = all(_is_own(path) for path in (folder, _lock_file(folder)))
            if own and folder.is_dir() and (lock := try_lock(_lock_file(folder))):
                _remove(folder)
                lock.release()


def _is_own(path: Path) -> bool:
    """Return True if a path does not exist or belongs to this user. Everybody can write into a system's folder."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return True
    return not stat.S_ISLNK(status.st_mode) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        with suppress(OSError):
            _lock_file(folder).unlink()


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
