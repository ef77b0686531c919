"""Atomic writing of files: under another name first, renamed when the content is on the disk."""

import errno
import os
import threading
from contextlib import suppress
from pathlib import Path

ASIDE = ".new"  # the ending of unfinished files' names


def write_whole(path: Path, content: bytes | str, is_durable: bool = True) -> None:
    """Write or replace a file; on failure, raise OSError and leave the old file.

    If `is_durable`, the old or the new file survives even a power loss. Otherwise an empty one may be left, but nothing
    waits for the disk.
    """
    data = content.encode() if isinstance(content, str) else content
    # a name that no other writer uses
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
    """Wait until all files below a folder are on the disk; raise OSError if that fails."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt":  # Windows flushes only files open for writing
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot flush
            raise
    finally:
        os.close(descriptor)
