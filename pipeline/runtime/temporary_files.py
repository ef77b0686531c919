"""Temporary files: in a folder of this process alone, gone when it ends, or at the next start if it was killed."""

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
SETTLED = 600.0  # seconds after which a lock without a folder is no start that is about to make one
GRADIO = "GRADIO_TEMP_DIR"  # where Gradio keeps what is uploaded and what it shows


@contextmanager
def own_temporary_folder() -> Iterator[Callable[[], None]]:
    """Let `tempfile` and Gradio write into a folder of this process, which the context makes and removes.

    Yields what removes it, for an end that leaves no context. What killed processes of this user have left is removed
    first. Gradio must not be imported yet.

    Raises:
        SanaError: no folder for temporary files can be written.
    """
    configured, before = os.environ.get(GRADIO), tempfile.tempdir
    try:
        parent = Path(configured or tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(parent)
        folder = parent / f"{PREFIX}{secrets.token_hex(8)}"
        lock = try_lock(_lock_file(folder))  # before there is a folder: one without a held lock is abandoned
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
    for file in parent.glob(f"{names}.lock"):  # whose folder went, and then the process ended
        with suppress(OSError):
            if not file.with_suffix("").exists() and _is_own(file) and time.time() - file.stat().st_mtime > SETTLED:
                file.unlink()
    for folder in parent.glob(names):
        with suppress(OSError):  # it is removed just now, by another start
            own = all(_is_own(path) for path in (folder, _lock_file(folder)))
            if own and folder.is_dir() and (lock := try_lock(_lock_file(folder))):
                _remove(folder)
                lock.release()


def _is_own(path: Path) -> bool:
    """Return whether this user made a file or folder, or nobody; everybody may write into a system's folder."""
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
