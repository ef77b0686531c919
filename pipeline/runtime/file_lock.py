"""Locks between processes, for one writer at a time. The system releases the locks of a process that dies."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

OnWait = Callable[[str], object]  # is called with the name of the process that is waited for


def wait_for_lock(path: Path, on_wait: OnWait) -> BaseFileLock:
    """Acquire the lock of the file `path`, and return it. If another process holds it, call `on_wait` once, and wait.

    Raises:
        FileNotFoundError: the folder of `path` does not exist, or the other holder has removed it.
        OSError: the file cannot be made.
    """
    lock = try_lock(path)
    if lock is None:
        on_wait(_holder(path))
        lock = _acquire(path, -1)
    with suppress(OSError):  # on Windows, a locked file cannot be written
        path.write_text(str(os.getpid()), encoding="ascii")
    return lock


def try_lock(path: Path) -> BaseFileLock | None:
    """Acquire the lock of the file `path`, and return it; return None if another process holds it.

    Raises:
        OSError: as `wait_for_lock`.
    """
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
            raise
        # The file system has no locks: go on without one.
    return lock


def _holder(path: Path) -> str:
    try:
        number = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        number = ""
    return f"process {number}" if number.isdigit() else "another process"
