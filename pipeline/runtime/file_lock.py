"""Locks between processes: one writer at a time. A process that dies gives its locks back."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

OnWait = Callable[[str], object]  # gets the name of the process that is waited for


def wait_for_lock(path: Path, on_wait: OnWait) -> BaseFileLock:
    """Return the lock of a file, held; wait for another holder, and tell `on_wait` once for whom.

    Raises:
        FileNotFoundError: the folder of `path` is not there, or the other holder has removed it.
        OSError: the file cannot be made.
    """
    lock = try_lock(path)
    if lock is None:
        on_wait(_holder(path))
        lock = _acquire(path, -1)
    with suppress(OSError):  # Windows lets nobody write into a locked file
        path.write_text(str(os.getpid()), encoding="ascii")
    return lock


def try_lock(path: Path) -> BaseFileLock | None:
    """Return the lock of a file, held, or None where another holds it; raise as `wait_for_lock` does."""
    try:
        return _acquire(path, 0)
    except Timeout:
        return None


def _acquire(path: Path, timeout: float) -> BaseFileLock:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=timeout)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP):
            raise  # else a file system without locks, where nobody is waited for
    return lock


def _holder(path: Path) -> str:
    try:
        number = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        number = ""
    return f"process {number}" if number.isdigit() else "another process"
