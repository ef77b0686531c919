"""The quota of uploads of all visitors together: at once, within an hour, and by the free disk."""

import shutil
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from ..domain import limits


class Refused(Exception):
    """The refusal of a request, with an HTTP status and a sentence."""


class UploadQuota:
    """A context to enter for each upload, which limits simultaneous uploads, and counts the last hour's bytes."""

    def __init__(self, max_upload: int, folder: Path) -> None:
        """Start with no uploads. `max_upload` is in bytes; Gradio writes files into `folder`."""
        self._folder = folder
        self._running = 0
        self._most = limits.UPLOADED_PER_HOUR * max_upload
        self._counted: deque[tuple[float, int]] = deque()
        self._total = 0

    def __enter__(self) -> None:
        if self._running >= limits.UPLOADS_AT_ONCE:
            raise Refused(503, "Too many files are being uploaded: try again in a moment.")
        self._remove_unfinished()
        with suppress(OSError):  # the folder does not exist yet
            if shutil.disk_usage(self._folder).free < limits.FREE_DISK:
                raise Refused(507, "There is no room for uploads on the disk: try again later.")
        self._running += 1

    def __exit__(self, *error: object) -> None:
        self._running -= 1

    def count(self, size: int) -> None:
        """Count bytes that have arrived; raise Refused if they exceed the hour's quota."""
        now = time.monotonic()
        while self._counted and self._counted[0][0] < now - 3600:
            self._total -= self._counted.popleft()[1]
        if self._total + size > self._most:
            raise Refused(503, "Too much was uploaded within an hour: try again later.")
        if self._counted and self._counted[-1][0] > now - 10:  # one entry per ten seconds, which bounds their number
            started, counted = self._counted.pop()
            self._counted.append((started, counted + size))
        else:
            self._counted.append((now, size))
        self._total += size

    def _remove_unfinished(self) -> None:
        """Delete the files that Gradio leaves behind when a sender disconnects."""
        oldest = time.time() - limits.UPLOAD_SECONDS
        for path in self._folder.glob("tmp*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime < oldest:
                    path.unlink()
