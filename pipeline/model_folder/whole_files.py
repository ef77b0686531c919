"""Files that are there whole or not at all: written aside, and renamed when all of it is on the disk."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

ASIDE = ".new"  # how the names of unfinished files end


def write_whole(path: Path, content: bytes | str, is_durable: bool = True) -> None:
    """Write or replace a file; raise OSError and leave what was there.

    With `is_durable` also a loss of power leaves the old file or the new one. Without, it may leave an empty one, and
    nothing waits for the disk.
    """
    data = content.encode() if isinstance(content, str) else content
    # a name that no other writer has at the same time
    aside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}{ASIDE}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    if is_durable:
        _flush(path.parent)


def flush_folder(folder: Path) -> None:
    """Wait until all files below a folder are on the disk; raise OSError."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt":  # flushes nothing that is open for reading
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a network file system that cannot
            raise
    finally:
        os.close(descriptor)
